"""A page of HTML as tests look at it."""

import json
import re
from html import unescape
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr"}


def still(html):
    """A page as it is where no script runs."""
    return re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, html):
        super().__init__()
        self.html, self.elements, self.words, self.open = html, [], [], []
        self.feed(html)
        assert not self.open, f"<{self.open[-1]}> is never closed"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> names an attribute twice: {names}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title", "script"):
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))

    @property
    def scripts(self):
        """The texts of the scripts that run: those without a type."""
        return re.findall(r"<script>(.*?)</script>", self.html, re.DOTALL)

    @property
    def still(self):
        """The page as it is where no script runs."""
        return still(self.html)

    def all(self, *tags):
        return [(tag, attributes) for tag, attributes in self.elements if tag in tags]

    @property
    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    @property
    def links(self):
        return [attributes["href"] for _, attributes in self.all("a")]


def luminance(colour):
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, two):
    """The contrast ratio of WCAG 2."""
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def charts_of(page):
    """Of each chart of a report what it says of itself, and the rows that the page embeds for it."""
    found = re.findall(
        r'data-said="([^"]*)">.*?<script type="application/json">(.*?)</script>', page, re.DOTALL
    )
    return [
        (unescape(said), [row for rows in json.loads(described)["datasets"].values() for row in rows])
        for said, described in found
    ]

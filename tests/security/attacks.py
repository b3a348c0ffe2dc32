"""What an attacker, or an accident, writes where a name, a value or a text is expected."""

from hypothesis import strategies as st

from include.tidemark.errors import TidemarkError

SECRET = "marked-secret-0123456789"
"""The hash key of these tests, which no message may hold."""
TEXTS = (
    "'; drop table users; --", "x' or '1'='1", "$$;select 1", "`id`", '"; select 1', "a\\'b", "/* */", "../../etc/passwd", "..", "~",
    "file:///etc/passwd", "s3://KEY:SECRET@bucket/x", "\\\\host\\share", "%2e%2e%2f", "C:\\x", "|id", "$(id)", "`id`", "{{ 7*7 }}",
    "{% raw %}", "{0.__class__}", "{observed.__class__}", "{", "}", "%s%n", "${HOME}", "<script>window.stolen = 1</script>",
    "<img src=x onerror=\"window.stolen=1\">", "</script><script>window.stolen=1</script>", "javascript:window.stolen=1", "\"'><svg/onload=1>",
    "=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-1+1", "\x1b[2J", "a\nb", "a\r\nTraceback (most recent call last):", "\x00", "\u202egnp.exe",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "\ufeff", "\u2028", "nan", "null", "~", "yes", "1e999", "0x10", "1_000",
    "2026-13-01", "9" * 400, "x" * 3000, "((((((((((", "[" * 200, "a: b", "&a *a", "!!python/object/apply:os.system ['id']", "<<: *x", "? ", "- ",
)  # fmt: skip
"""Kinds of attacks: on SQL, paths, shells, templates, pages, spreadsheets, terminals, numbers, parsers."""

texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=30))
scalars = st.one_of(
    texts, st.none(), st.booleans(), st.integers(), st.floats(), st.just(10**400), st.just(-1)
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=6,
)


def is_one_sentence(error: TidemarkError) -> None:
    """A message of one line that steers no terminal, is not endless, and holds no secret."""
    text = str(error)
    assert text.isprintable(), repr(text)
    assert len(text) < 2500 and SECRET not in text, text
    assert text.endswith((".", "?", ")")), text

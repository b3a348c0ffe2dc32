"""Texts in SQL."""


def text_literal(value: str) -> str:
    """A text as an SQL literal that both warehouses read alike.

    Raises:
        ValueError: it holds a backslash or a control character, which they quote differently.

    >>> text_literal("it's")
    "'it''s'"
    """
    if "\\" in value or any(ord(each) < 32 for each in value):
        raise ValueError(f"{value!r} holds a character that warehouses quote differently; leave it out")
    return "'" + value.replace("'", "''") + "'"

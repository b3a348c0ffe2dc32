"""Names in SQL."""


def identifier(name: str) -> str:
    """A name as a quoted identifier, which both warehouses take as it is written.

    >>> print(identifier('a "b" c'))
    "a ""b"" c"
    """
    return '"' + name.replace('"', '""') + '"'

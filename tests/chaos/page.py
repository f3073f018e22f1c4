"""The tables of docs/survival.md: each between two marks of its name.

Owns the marks. Must not know what a table says.
"""


def written(page: str, name: str, table: str) -> str:
    """The page with a new table between the marks of that name; raises ValueError without marks."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, _, rest = page.partition(begin)
    _, mark, tail = rest.partition(end)
    if not mark:
        raise ValueError(f"no {begin} and {end} in the page")
    return f"{head}{begin}\n{table}\n{end}{tail}"

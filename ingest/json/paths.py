"""Where a value lies in a record, as DuckDB's JSON functions want it written."""

from __future__ import annotations


def json_path(dotted: str) -> str:
    """`a.b` as a JSON path, each step quoted; checked by the sources file to hold no quotes."""
    return "$" + "".join(f'."{step}"' for step in dotted.split(".") if step)


def json_pointer(name: str) -> str:
    """The value of the key `name`, which may hold dots and quotes, as a JSON pointer (RFC 6901)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")

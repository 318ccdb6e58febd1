"""How many rows of a load may be rejected before none of it is loaded: a share of them, or a count."""

from __future__ import annotations


def too_many(rejected: int, read: int, limit: float) -> bool:
    """Whether `rejected` of `read` rows are more than `limit` allows: a float is a share, an int a count."""
    return rejected > (limit if isinstance(limit, int) else limit * read)


def told(limit: float) -> str:
    """The limit as messages say it, so that a share is not taken for a count."""
    if not isinstance(limit, int):
        return f"max_rejected ({limit:g} of the rows)"
    return f"max_rejected ({limit} {'row' if limit == 1 else 'rows'})"

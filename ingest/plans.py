"""What a load would do with one table, as values: for `till ingest --dry-run` to print."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlannedFile:
    """One file: `what` is new, changed, again, known, outside (the window's days) or refused.

    `bytes` is None when it is not there.
    """

    path: str
    what: str
    bytes: int | None
    why: str


@dataclass(frozen=True)
class PlannedRequest:
    """`address` would be asked, from `since` on (None: everything); `reached` less `lookback` made that."""

    address: str
    parameter: str | None
    since: str | None
    reached: str | None
    lookback: str | None
    replaces: tuple[str, ...]


@dataclass(frozen=True)
class PlannedShard:
    """One shard of a stream (or those that are not known yet): `since` says from where it would be read."""

    stream: str
    shard: str
    since: str


@dataclass(frozen=True)
class TablePlan:
    """What would be done for one table; `problem` is why nothing can be."""

    source_name: str
    table_name: str
    kind: str
    files: tuple[PlannedFile, ...] = ()
    request: PlannedRequest | None = None
    shards: tuple[PlannedShard, ...] = ()
    problem: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether a load of this table would end with an error, as far as that can be known."""
        return self.problem is not None or any(file.what == "refused" for file in self.files)

"""A followed table while the stream is read: what of it is wanted, and the changes found so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from configuration.errors import PlainError
from ingest.postgres_cdc.declaration import PostgresCdcTable
from ingest.postgres_cdc.messages import LEFT_OUT, Relation, Value
from ingest.postgres_cdc.part import Part
from ingest.postgres_cdc.positions import Reached


@dataclass(frozen=True)
class Shape:
    """How rows of a table as it was then become rows of the lake.

    `places` says where each declared column stands in them; None where the table did not have it yet, and
    so had no value. `keys` are the places of the declared key.
    """

    width: int
    names: tuple[str, ...]
    places: tuple[int | None, ...]
    keys: tuple[int, ...]

    @classmethod
    def of(cls, table: PostgresCdcTable, relation: Relation) -> Shape:
        """The shape of `table` while it was as `relation` says."""
        places = {name: place for place, name in enumerate(relation.columns)}
        keys = [each.source_name for each in table.columns if each.name in table.key]
        return cls(
            len(relation.columns),
            tuple(column.name for column in table.columns),
            tuple(places.get(column.source_name) for column in table.columns),
            tuple(places[name] for name in keys if name in places),
        )

    def row(self, values: Sequence[Value]) -> tuple[list[bytes | None], str | None]:
        """The declared values, and the names of those that were left out, with commas."""
        found: list[bytes | None] = []
        left_out: list[str] = []
        for name, place in zip(self.names, self.places, strict=True):
            value = None if place is None else values[place]
            if value is LEFT_OUT:
                left_out.append(name)
            found.append(value if isinstance(value, bytes) else None)
        return found, ",".join(left_out) or None

    def is_moved(self, old: Sequence[Value], new: Sequence[Value]) -> bool:
        """Whether the two are rows of different keys."""
        return any(old[place] != new[place] for place in self.keys)


@dataclass
class Followed:
    """`reached` is what the lake has; `there` are the columns that the table has today.

    `first` is the commit of the first change that the lake lacks; with `problem` none can be loaded, and if it
    `has_gap`, changes may be missing: only a new copy helps.
    """

    table: PostgresCdcTable
    reached: Reached
    there: frozenset[str]
    part: Part
    where: str
    first: int | None = None
    problem: PlainError | None = None
    # Why the table as it is today is not to be loaded, though no change of it is missing.
    refusal: PlainError | None = None
    has_gap: bool = False
    # Names that are not declared, as far as they are passed over.
    undeclared: set[str] = field(default_factory=set)
    _looked_at: Relation | None = None

    def takes(self, relation: Relation) -> bool:
        """Whether changes of the table, as it was then, can be loaded; if not, `problem` says why."""
        if relation is self._looked_at:
            return self.problem is None
        self._looked_at = relation
        declared = [column.source_name for column in self.table.columns]
        self.undeclared |= set(relation.columns) - set(declared)
        gone = [name for name in declared if name not in relation.columns]
        optional = self.table.column_policy.optional
        gone = [name for name in gone if name not in self.there and name not in optional]
        keys = {each.source_name for each in self.table.columns if each.name in self.table.key}
        if self.problem is None and gone:
            self.problem = self._gone(gone)
        if self.problem is None and relation.identity != "f" and not relation.key >= keys:
            self.problem = PlainError(
                f"the key ({', '.join(self.table.key)}) is not what tells its rows apart in the "
                "database",
                where=self.where,
                remedy="Declare the columns of the table's primary key as its key, "
                f"then run till ingest --reload {self.where}.",
            )
        return self.problem is None

    def _gone(self, names: Sequence[str]) -> PlainError:
        several = len(names) > 1
        return PlainError(
            f"the column{'s' if several else ''} {', '.join(names)} "
            f"{'are' if several else 'is'} gone from {self.table.path}",
            where=self.where,
            remedy="If it was dropped, remove it from the sources file and run again; if it was "
            f"renamed, give its new name as header and run till ingest --reload {self.where}.",
        )

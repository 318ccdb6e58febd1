"""The stream of a slot, message by message, turned into rows of each followed table.

A transaction comes whole, in the order of the commits: Begin, its changes, Commit. Before the first change
of a table comes its Relation, and again after its columns changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from configuration.errors import PlainError
from ingest.postgres_cdc.followed import Followed, Shape
from ingest.postgres_cdc.messages import (
    BEGIN,
    CHANGE_SIZE,
    COMMIT,
    DELETE,
    INSERT,
    LEFT_OUT,
    MESSAGE,
    NEW,
    ORIGIN,
    RELATION,
    TRUNCATE,
    TYPE,
    UPDATE,
    Relation,
    Value,
    read_begin,
    read_change,
    read_relation,
    read_truncate,
    read_tuple,
)
from ingest.postgres_cdc.part import moment
from ingest.postgres_cdc.positions import lsn_text


@dataclass(frozen=True)
class _Transaction:
    """What its changes carry."""

    commit: int
    xid: int
    lsn: str
    committed_at: datetime


@dataclass
class ChangeReader:
    """Reads what was committed before `until`; `followed` is by the path of the table in the database."""

    followed: Mapping[str, Followed]
    until: int
    _tables: dict[int, tuple[Followed, Shape, Relation] | None] = field(default_factory=dict)
    _transaction: _Transaction = field(default=_Transaction(0, 0, "", moment(0)))
    _changes: int = 0

    def read(self, messages: Iterable[bytes]) -> None:
        """Take the next messages; raises PlainError when they are not understood."""
        take: dict[int, Callable[[bytes], None]] = {
            BEGIN: self._begin,
            RELATION: self._relation,
            INSERT: self._insert,
            UPDATE: self._update,
            DELETE: self._delete,
            TRUNCATE: self._truncate,
            **dict.fromkeys((COMMIT, TYPE, ORIGIN, MESSAGE), _pass),
        }
        try:
            for message in messages:
                take[message[0]](message)
        except (KeyError, IndexError, ValueError) as error:
            raise PlainError(
                f"the server sent changes in a form that is not known ({error})",
                remedy="This is a fault of ours: please report it, with the server's version.",
            ) from error

    def _begin(self, message: bytes) -> None:
        commit, committed_at, xid = read_begin(message)
        self._transaction = _Transaction(commit, xid, lsn_text(commit), moment(committed_at))
        self._changes = 0

    def _relation(self, message: bytes) -> None:
        relation = read_relation(message)
        followed = self.followed.get(relation.path)
        # Whether it can be loaded is asked only of a change that is wanted: its form may be of long ago.
        shape = Shape.of(followed.table, relation) if followed else None
        found = (followed, shape, relation) if followed and shape else None
        self._tables[relation.relation_id] = found

    def _wanted(self, relation_id: int, message: bytes) -> tuple[Followed, Shape] | None:
        """The table, if this change of it is to be loaded; it is counted in either case."""
        self._changes += 1
        found = self._tables[relation_id]
        if found is None:
            return None
        followed, shape, relation = found
        commit = self._transaction.commit
        if commit >= self.until or not followed.reached.lacks(commit, self._transaction.xid):
            return None
        if followed.first is None:
            followed.first = commit
        if not followed.takes(relation):
            return None
        followed.part.read(message)
        return followed, shape

    def _insert(self, message: bytes) -> None:
        self._one("insert", message)

    def _delete(self, message: bytes) -> None:
        self._one("delete", message)

    def _one(self, operation: str, message: bytes) -> None:
        """A change with one tuple: the new row, or the old one or its key."""
        relation_id, _ = read_change(message)
        wanted = self._wanted(relation_id, message)
        if wanted:
            followed, shape = wanted
            values, _ = read_tuple(message, CHANGE_SIZE, shape.width)
            self._add(followed, shape, operation, values)

    def _update(self, message: bytes) -> None:
        relation_id, letter = read_change(message)
        wanted = self._wanted(relation_id, message)
        if not wanted:
            return
        followed, shape = wanted
        values, at = read_tuple(message, CHANGE_SIZE, shape.width)
        if letter == NEW:
            self._add(followed, shape, "update", values)
            return
        if message[at] != NEW:
            raise ValueError("an update has no new row")
        old, (new, _) = values, read_tuple(message, at + 1, shape.width)
        # What was left out in the new row may stand in the old one.
        new = [
            former if value is LEFT_OUT and former is not None else value
            for value, former in zip(new, old, strict=True)
        ]
        if shape.is_moved(old, new):
            # Another key: the old one is gone, and a new row is there, just behind.
            self._add(followed, shape, "delete", old, shift=-1)
            self._add(followed, shape, "insert", new)
        else:
            self._add(followed, shape, "update", new)

    def _truncate(self, message: bytes) -> None:
        for relation_id in read_truncate(message):
            wanted = self._wanted(relation_id, message)
            if wanted:
                followed, shape = wanted
                self._add(followed, shape, "truncate", [None] * shape.width)

    def _add(
        self,
        followed: Followed,
        shape: Shape,
        operation: str,
        values: Sequence[Value],
        *,
        shift: int = 0,
    ) -> None:
        row, left_out = shape.row(values)
        # Twice the number of the change: there is room before a row for the removal of its old key.
        position = 2 * self._changes + shift
        transaction = self._transaction
        followed.part.add(
            (*row, operation, transaction.lsn, position, transaction.committed_at, left_out)
        )


def _pass(message: bytes) -> None:
    """Nothing that changes a row: the next Begin says that the transaction has ended."""
    del message

"""The messages of pgoutput, protocol version 1.

Source: PostgreSQL manual, "Logical Replication Message Formats". All numbers are big-endian; text ends
with a zero byte; a tuple is its number of columns, then per column a letter: n (null), u (a long value that
did not change and was not sent) or t, which four bytes of length and the value as text follow.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

BEGIN, COMMIT, RELATION, TYPE, ORIGIN, MESSAGE = b"BCRYOM"
INSERT, UPDATE, DELETE, TRUNCATE = b"IUDT"
NEW, OLD_KEY, OLD_ROW = b"NKO"
_TEXT, _NULL, _LEFT_OUT = b"tnu"

# After the letter: the LSN of the commit record, its time, the number of the transaction.
_BEGIN = struct.Struct(">xqqI")
# After the letter: the number of the table, and a letter for the tuple that follows.
_CHANGE = struct.Struct(">xIB")
_NUMBER = struct.Struct(">I")
CHANGE_SIZE = _CHANGE.size


class LeftOut:
    """Stands for a long value that did not change and was not sent."""


LEFT_OUT: Final = LeftOut()
# As text in the server's UTF-8; null; or left out.
Value = bytes | None | LeftOut


@dataclass(frozen=True)
class Relation:
    """What a Relation message says: the table as it was for the changes that follow."""

    relation_id: int
    schema: str
    name: str
    identity: str
    columns: tuple[str, ...]
    key: frozenset[str]

    @property
    def path(self) -> str:
        """Schema and name."""
        return f"{self.schema}.{self.name}"


def read_begin(message: bytes) -> tuple[int, int, int]:
    """The LSN of the commit record, the time of the commit (microseconds since 2000), the transaction."""
    commit, committed_at, xid = _BEGIN.unpack(message)
    return commit, committed_at, xid


def read_change(message: bytes) -> tuple[int, int]:
    """The number of the table, and the letter that says which tuple begins at CHANGE_SIZE."""
    relation_id, letter = _CHANGE.unpack_from(message)
    return relation_id, letter


def read_relation(message: bytes) -> Relation:
    """A Relation message; an empty namespace in it stands for pg_catalog."""
    (relation_id,) = _NUMBER.unpack_from(message, 1)
    schema, name, rest = message[5:].split(b"\0", 2)
    (count,) = struct.unpack_from(">H", rest, 1)
    columns, key, at = [], set(), 3
    for _ in range(count):
        end = rest.index(b"\0", at + 1)
        column = rest[at + 1 : end].decode()
        columns.append(column)
        if rest[at] & 1:
            key.add(column)
        at = end + 9  # the zero byte, the number of the type, the type's modifier
    schema_name = schema.decode() or "pg_catalog"
    identity = rest[:1].decode()
    return Relation(
        relation_id, schema_name, name.decode(), identity, tuple(columns), frozenset(key)
    )


def read_truncate(message: bytes) -> tuple[int, ...]:
    """The numbers of the tables that were emptied."""
    (count,) = _NUMBER.unpack_from(message, 1)
    return struct.unpack_from(f">{count}I", message, 6)


def read_tuple(message: bytes, at: int, columns: int) -> tuple[list[Value], int]:
    """The values of the tuple at `at`, and where it ends.

    Raises ValueError when it has another number of columns, or a value of a kind that is not known: then the
    message was not understood.
    """
    if message[at] << 8 | message[at + 1] != columns:
        raise ValueError("a row has another number of columns than its table")
    values: list[Value] = []
    at += 2
    for _ in range(columns):
        letter = message[at]
        if letter == _TEXT:
            start = at + 5
            at = start + int.from_bytes(message[at + 1 : start])
            values.append(message[start:at])
            continue
        if letter == _NULL:
            values.append(None)
        elif letter == _LEFT_OUT:
            values.append(LEFT_OUT)
        else:
            raise ValueError("a row has a value of a kind that is not known")
        at += 1
    return values, at

"""Where in the server's log a table of the lake stands: pure arithmetic.

A log sequence number (LSN) is a position in the write-ahead log. A transaction counts at the place where
its commit record begins: that is the number which pgoutput gives in Begin, and by which a slot decides what
it still has to deliver.
"""

from __future__ import annotations

from dataclasses import dataclass

_EPOCH = 1 << 32
_HALF = 1 << 31


def lsn_number(text: str) -> int:
    """`0/14AB3D8` as a number."""
    high, _, low = text.partition("/")
    return int(high, 16) * _EPOCH + int(low, 16)


def lsn_text(number: int) -> str:
    """An LSN as PostgreSQL reads it, with zeros in front so that it sorts as text."""
    return f"{number // _EPOCH:08X}/{number % _EPOCH:08X}"


@dataclass(frozen=True)
class Snapshot:
    """Which transactions a reading transaction saw: the text of txid_current_snapshot(), 64-bit numbers.

    All before `xmin`, none from `xmax` on, and between them all but those that were running.
    """

    xmin: int
    xmax: int
    running: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Snapshot:
        """`xmin:xmax:running,...`."""
        xmin, xmax, running = text.split(":")
        return cls(int(xmin), int(xmax), tuple(int(each) for each in running.split(",") if each))

    def __str__(self) -> str:
        return f"{self.xmin}:{self.xmax}:{','.join(str(each) for each in self.running)}"

    def sees(self, xid: int) -> bool:
        """Whether a transaction, by its 32-bit number, was seen; it is taken as the nearest to `xmax`."""
        full = self.xmax + ((xid - self.xmax + _HALF) % _EPOCH - _HALF)
        return full < self.xmax and full not in self.running


@dataclass(frozen=True)
class Reached:
    """What of a table is in the lake: every transaction whose commit record begins before `lsn`.

    After a copy of the table, also those that its `snapshot` saw; they all began to commit before `until`.
    """

    lsn: int
    snapshot: Snapshot | None = None
    until: int = 0

    @classmethod
    def parse(cls, text: str) -> Reached:
        """The text of a manifest record's cursor; raises ValueError when it is none of ours."""
        parts = text.split(" ")
        if len(parts) == 1:
            return cls(lsn_number(text))
        lsn, until, snapshot = parts
        return cls(lsn_number(lsn), Snapshot.parse(snapshot), lsn_number(until))

    def __str__(self) -> str:
        if self.snapshot is None:
            return lsn_text(self.lsn)
        return f"{lsn_text(self.lsn)} {lsn_text(self.until)} {self.snapshot}"

    def lacks(self, commit: int, xid: int) -> bool:
        """Whether a transaction, by the LSN of its commit and its number, is still to be loaded."""
        if commit < self.lsn:
            return False
        return self.snapshot is None or commit >= self.until or not self.snapshot.sees(xid)

    def after(self, lsn: int) -> Reached:
        """What is in the lake once all that was committed before `lsn` is."""
        return Reached(lsn) if lsn >= self.until else Reached(lsn, self.snapshot, self.until)

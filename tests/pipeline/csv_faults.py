"""What may be wrong with a random CSV file of the campaign, and what is true of the file all the same."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field

from tests.pipeline.csv_spelling import Spelling, Value, spelled

Row = tuple[Value, ...]

BROKEN = {
    "integer": ("three", "1.5.5", "12x", "1 2"),
    "decimal(18,2)": ("free", "1,2,3.4.5", "1.239.", "12 EUR"),
    "decimal(18,4)": ("free", "--1", "0x10"),
    "double": ("inf", "nan", "1e"),
    "date": ("32.13.2024", "2024-02-30", "yesterday", "0000-00-00"),
    "timestamp": ("25:61", "2024-13-01 10:00:00", "now"),
    "boolean": ("2", "perhaps"),
}


@dataclass
class Made:
    """A file, its declaration (`columns`: name, header, type) and what is true of it.

    `damaged` rows had a fault put into them; of `free` ones nobody can know what they were. `must_load`:
    there is no reason to reject or refuse anything.
    """

    name: str
    content: bytes
    columns: list[tuple[str, str, str]]
    pins: dict[str, object]
    rows: dict[str, Row]
    damaged: set[str] = field(default_factory=set)
    free: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    must_be_refused: bool = False
    must_load: bool = False
    is_cut: bool = False

    @property
    def key_position(self) -> int:
        return [name for name, _, _ in self.columns].index("id")

    def table(self) -> str:
        """The table's block of YAML."""
        block = {
            "name": "sales",
            "path": "drops",
            "max_rejected": 1.0,
            "allow_empty": True,
            "columns": [{"name": n, "header": h, "type": t} for n, h, t in self.columns],
        }
        if self.pins:
            block["dialect"] = self.pins
        return f"      - {json.dumps(block)}\n"


@dataclass
class Writing:
    """A file while it is made: lines without their ends, in order."""

    chance: random.Random
    made: Made
    spelling: Spelling
    lines: list[str] = field(default_factory=list)
    # Of each line: the row that it holds, if any.
    owners: list[str | None] = field(default_factory=list)
    ends_whole: bool = True
    zero: bool = False

    def add(self, line: str, owner: str | None = None, at: int | None = None) -> None:
        at = len(self.lines) if at is None else at
        self.lines.insert(at, line)
        self.owners.insert(at, owner)


def _some_row(writing: Writing) -> int | None:
    rows = [number for number, owner in enumerate(writing.owners) if owner]
    return writing.chance.choice(rows) if rows else None


def _ragged(writing: Writing, body: int) -> None:
    at = _some_row(writing)
    if at is None:
        return
    key, spelling = writing.owners[at], writing.spelling
    assert key
    row = writing.made.rows[key]
    texts = [
        spelled(v, kind, spelling)
        for v, (_, _, kind) in zip(row, writing.made.columns, strict=True)
    ]
    # The value that names the row stays, so that a rejected row can be recognised.
    is_long = writing.chance.random() < 0.5 or writing.made.columns[-1][0] == "id"
    texts = [*texts, "extra"] if is_long else texts[:-1]
    writing.lines[at] = spelling.line(texts, writing.chance)
    writing.made.damaged.add(key)
    writing.made.faults.append("ragged")


def _bad_value(writing: Writing, body: int) -> None:
    at = _some_row(writing)
    typed = [number for number, each in enumerate(writing.made.columns) if each[2] in BROKEN]
    if at is None or not typed:
        return
    key, spelling = writing.owners[at], writing.spelling
    assert key
    number = writing.chance.choice(typed)
    row = writing.made.rows[key]
    texts = [
        spelled(v, kind, spelling)
        for v, (_, _, kind) in zip(row, writing.made.columns, strict=True)
    ]
    texts[number] = writing.chance.choice(BROKEN[writing.made.columns[number][2]])
    if not spelling.can_hold(texts[number] or ""):
        return
    writing.lines[at] = spelling.line(texts, writing.chance)
    writing.made.damaged.add(key)
    writing.made.faults.append("bad value")


def _second_header(writing: Writing, body: int) -> None:
    if not writing.spelling.has_header:
        return
    last = max((at + 1 for at, owner in enumerate(writing.owners) if owner), default=body)
    at = writing.chance.randint(body, last)
    mark = (
        "\ufeff"
        if writing.spelling.encoding.startswith("utf") and writing.chance.random() < 0.3
        else ""
    )
    writing.add(
        mark + writing.spelling.line([h for _, h, _ in writing.made.columns], writing.chance), at=at
    )
    writing.made.faults.append("second header")


def _blank(writing: Writing, body: int) -> None:
    for _ in range(writing.chance.randint(1, 3)):
        writing.add(
            "", at=writing.chance.randint(min(body, len(writing.lines)), len(writing.lines))
        )
    writing.made.faults.append("blank lines")


def _junk(writing: Writing, body: int) -> None:
    junk = writing.chance.choice(
        ("--- page 2 ---", "   ", "#", "...", writing.spelling.delimiter, "\x1a")
    )
    # In a table of texts, a line with so many delimiters would be a row.
    if junk == writing.spelling.delimiter and len(writing.made.columns) == 2:
        return
    last = max((at + 1 for at, owner in enumerate(writing.owners) if owner), default=body)
    writing.add(junk, at=writing.chance.randint(body, last))
    writing.made.faults.append("junk")


def _unclosed(writing: Writing, body: int) -> None:
    at, quote = _some_row(writing), writing.spelling.quote
    # A single quote that does not close is one that belongs to the text, unless it is known to enclose.
    if at is None or not quote or (quote == "'" and "quote" not in writing.made.pins):
        return
    key = writing.owners[at]
    assert key
    line = writing.lines[at]
    places = [0, *(n + 1 for n, sign in enumerate(line) if sign == writing.spelling.delimiter)]
    place = writing.chance.choice([*places, writing.chance.randint(0, len(line))])
    writing.lines[at] = line[:place] + quote + line[place:]
    # Within an unquoted value a quote may belong to it; nobody can know.
    writing.made.faults.append("unclosed quote")
    writing.made.damaged.add(key)


def _lost_quote(writing: Writing, body: int) -> None:
    at, quote = _some_row(writing), writing.spelling.quote
    if at is None or not quote or quote not in writing.lines[at]:
        return
    if writing.owners[at] in writing.made.damaged:
        return
    line = writing.lines[at]
    place = writing.chance.choice([n for n, sign in enumerate(line) if sign == quote])
    writing.lines[at] = line[:place] + line[place + 1 :]
    writing.made.faults.append("lost quote")
    writing.made.damaged.add(str(writing.owners[at]))


def _twins(writing: Writing, body: int) -> None:
    names = [h for _, h, _ in writing.made.columns]
    if not writing.spelling.has_header or len(names) < 2:
        return
    one, other = writing.chance.sample(range(len(names)), 2)
    names[one] = names[other]
    writing.lines[body - 1] = writing.spelling.line(names, writing.chance)
    writing.made.faults.append("duplicated header")
    writing.made.must_be_refused = True


def _zero(writing: Writing, body: int) -> None:
    at = _some_row(writing)
    has_footer = writing.owners and not writing.owners[-1]
    if at is None or has_footer or writing.spelling.encoding.startswith("utf-16"):
        return
    writing.zero = True
    writing.made.faults.append("zero byte")
    writing.made.must_be_refused = True


def _mixed(writing: Writing, body: int) -> None:
    writing.spelling.mixed = writing.chance.choice((0.1, 0.5))
    writing.made.faults.append("mixed line ends")


def _no_end(writing: Writing, body: int) -> None:
    writing.ends_whole = False
    writing.made.faults.append("no last line end")


FAULTS = (
    _ragged, _bad_value, _second_header, _blank, _junk, _unclosed, _lost_quote, _twins, _zero, _mixed, _no_end,
)  # fmt: skip

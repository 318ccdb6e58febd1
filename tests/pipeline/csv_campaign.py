"""Random small CSV files whose true rows are known, and the law that each load of one must keep.

A seed gives a table, a dialect, which parts of it are pinned, and what is wrong with the file. The law:
each true row is loaded exactly as it is, or rejected with a reason, or the file is refused in one sentence.
No row that was not there, no changed value, none missing; rows read = loaded + rejected.
"""

from __future__ import annotations

import datetime
import random
from decimal import Decimal

from tests.pipeline.csv_faults import FAULTS, Made, Row, Writing
from tests.pipeline.csv_spelling import Spelling, Value, spelled

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = (
    "Brot",
    "käse",
    "Größe",
    "Öl",
    "café",
    "piñón",
    "soupçon",
    "œuf",
    "5 €",
    "naïve",
    "Müller & Söhne",
)
ODD_TEXTS = (
    "", " ", "NULL", "NA", "1,50", "1.234", "12:30", "03/04/2024", "=1+1", "-", "5\" pipe", "it's", "'t Hof",
    "'quoted'", '"all"', "a;b", "a,b", "a|b", "a\tb", "C:\\new", "end\\", "\\\"", "'", '"', '""', "x''y",
    " left", "right ", "Summe", "Total", "two\nlines", "two\r\nlines", "a\n\nb", "old\rmac", "sep=;", "#",
    "0012",
)  # fmt: skip
HEADERS = (
    "Nr",
    "Name",
    "Menge",
    "Preis",
    "Datum",
    "Gekauft am",
    "Ort",
    "Größe (cm)",
    "Note",
    "a,b",
    "x;y",
    "Kunde's",
)
KINDS = (
    "text",
    "text",
    "integer",
    "decimal(18,2)",
    "decimal(18,4)",
    "double",
    "date",
    "timestamp",
    "boolean",
)
ENCODINGS = (
    "utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp1252",
    "iso8859-15", "cp850",
)  # fmt: skip
PREAMBLES = ("Export of sales", "Filiale: Nord", "", "created 2024-05-01", "# by till 3.2", "a b c")
FOOTERS = ("Summe", "Total", "2 rows selected.", "-- end --", "Totale", "(3 Zeilen)")


def make(seed: int) -> Made:
    """The file of a seed."""
    chance = random.Random(seed)
    spelling = _spelling(chance)
    columns = _columns(chance, spelling)
    made = Made("a.csv", b"", columns, {}, _rows(chance, columns, spelling))
    writing = Writing(chance, made, spelling)
    header = spelling.line([h for _, h, _ in columns], chance)
    above = _preamble(chance, spelling)
    for line in above:
        writing.add(line)
    if spelling.has_header:
        writing.add(header)
    for key, row in made.rows.items():
        writing.add(_line(row, columns, spelling, chance), key)
    footer = _footer(writing)
    _pin(made, spelling, len(above), footer, chance)
    if chance.random() < 0.6:
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            chance.choice(FAULTS)(writing, len(above) + spelling.has_header)
    made.must_load = made.must_load and bool(made.rows) and not made.faults
    made.content = _bytes(writing)
    # Lines that end in CR alone are told by there being no LF, and a value has one.
    if spelling.line_end == "\r" and b"\n" in made.content:
        made.must_load = False
    # Who pins a footer says of the last lines that they are no rows, also of a file that was cut off.
    has_footer = "footer_rows" in made.pins and made.pins["footer_rows"] != 0
    if chance.random() < 0.1 and not made.must_be_refused and not has_footer:
        _cut(made, writing)
    return made


def _columns(chance: random.Random, spelling: Spelling) -> list[tuple[str, str, str]]:
    can_hold = [each for each in HEADERS if spelling.can_hold(each)]
    headers = chance.sample(can_hold, chance.randint(1, min(6, len(can_hold))))
    found = [(f"c{number}", header, chance.choice(KINDS)) for number, header in enumerate(headers)]
    found.insert(chance.randint(0, len(found)), ("id", "id", "text"))
    return found


def _spelling(chance: random.Random) -> Spelling:
    delimiter = chance.choice((",", ",", ";", ";", "\t", "|"))
    quote = chance.choice(('"', '"', '"', '"', "'", ""))
    decimal = chance.choice((".", ","))
    thousands = chance.choice(["", "", ",", ".", " ", "'"])
    if thousands == decimal or (not quote and delimiter in (decimal, thousands)):
        decimal, thousands = ".", ""
    date = chance.choice(
        ("%Y-%m-%d", "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")
    )
    return Spelling(
        delimiter=delimiter,
        quote=quote,
        escape="\\" if quote and chance.random() < 0.15 else quote,
        quotes_all=bool(quote) and chance.random() < 0.2,
        decimal=decimal,
        thousands=thousands,
        date=date,
        clock=chance.choice(
            (" %H:%M:%S", " %H:%M", "T%H:%M:%S" if date == "%Y-%m-%d" else " %H:%M:%S")
        ),
        encoding=chance.choice(ENCODINGS),
        line_end=chance.choice(("\n", "\n", "\r\n", "\r\n", "\r")),
        has_header=chance.random() < 0.93,
    )


def _rows(
    chance: random.Random, columns: list[tuple[str, str, str]], spelling: Spelling
) -> dict[str, Row]:
    found: dict[str, Row] = {}
    most_day = chance.choice((12, 28, 28))
    for number in range(chance.choice((0, 1, 2, 3, 5, 8, 8, 60, 60))):
        key = f"k{number:03d}x"
        values = [
            key if name == "id" else _value(kind, chance, spelling, most_day)
            for name, _, kind in columns
        ]
        found[key] = tuple(values)
    return found


def _value(kind: str, chance: random.Random, spelling: Spelling, most_day: int) -> Value:
    if chance.random() < 0.08:
        return None
    if kind == "text":
        return _text(chance, spelling)
    if kind == "boolean":
        return chance.random() < 0.5
    if kind in ("date", "timestamp"):
        return _moment(kind, chance, most_day)
    return _number(kind, chance)


def _number(kind: str, chance: random.Random) -> Value:
    if kind == "integer":
        return chance.choice((0, 7, -3, 1234, 1000, 12345, 1234567, chance.randint(-9999, 9999)))
    if kind.startswith("decimal"):
        cents = chance.choice((5, 650, 123456, 123456789, -1250, 100000, chance.randint(0, 10**6)))
        return Decimal(cents) / 100
    return chance.choice((0.5, 1.25, -3.0, 1234.5, 1000.0, 123456.75))


def _moment(kind: str, chance: random.Random, most_day: int) -> Value:
    day = datetime.date(
        chance.randint(1999, 2026), chance.randint(1, 12), chance.randint(1, most_day)
    )
    if kind == "date":
        return day
    clock = datetime.time(chance.randint(0, 23), chance.randint(0, 59), 0)
    return datetime.datetime.combine(day, clock)


def _text(chance: random.Random, spelling: Spelling) -> str | None:
    text = chance.choice(ODD_TEXTS) if chance.random() < 0.3 else chance.choice(WORDS)
    if chance.random() < 0.5:
        text = "".join(chance.choices(LETTERS, k=chance.randint(1, 9)))
    # A value that begins with a quote which encloses nothing: who has that must say so.
    begins_quoted = text[:1] in ('"', "'") and text[:1] != spelling.quote
    if not spelling.can_hold(text) or (begins_quoted and spelling.quote != '"'):
        text = "plain"
    return text or None


def _line(
    row: Row, columns: list[tuple[str, str, str]], spelling: Spelling, chance: random.Random
) -> str:
    texts = [
        spelled(value, kind, spelling) for value, (_, _, kind) in zip(row, columns, strict=True)
    ]
    return spelling.line(texts, chance)


def _preamble(chance: random.Random, spelling: Spelling) -> list[str]:
    if chance.random() < 0.8:
        return []
    if chance.random() < 0.2:
        return [f"sep={spelling.delimiter}"]
    return chance.choices(PREAMBLES, k=chance.randint(1, 4))


def _footer(writing: Writing) -> tuple[int, str]:
    chance = writing.chance
    if chance.random() < 0.85:
        return 0, ""
    first = chance.choice(FOOTERS)
    # With all its delimiters, only a word that everybody knows tells it from a row of texts.
    is_known = first in ("Summe", "Total", "Totale") and len(writing.made.columns) > 1
    gaps = (
        writing.spelling.delimiter * (len(writing.made.columns) - 1) * chance.choice((0, is_known))
    )
    writing.add(first + gaps)
    if chance.random() < 0.3:
        writing.add(chance.choice(("created by hand", "Page 1")))
        return 2, first
    return 1, first


def _pin(
    made: Made, spelling: Spelling, above: int, footer: tuple[int, str], chance: random.Random
) -> None:
    """Pin some parts, all, or none; with all pinned, a file without fault must be loaded whole."""
    parts: dict[str, object] = {
        "delimiter": spelling.delimiter,
        "quote": spelling.quote or "none",
        "encoding": "utf-8" if spelling.encoding == "utf-8-sig" else spelling.encoding,
        "decimal": spelling.decimal,
        "thousands": spelling.thousands or "none",
        "date_format": spelling.date,
        "timestamp_format": spelling.date + spelling.clock,
    }
    if spelling.quote:
        parts["escape"] = spelling.escape
    if spelling.has_header:
        parts["header_row"] = above + 1
    else:
        parts["preamble_lines"] = above
    if chance.random() < 0.5:
        parts["footer_rows"] = footer[0]
    elif footer[0]:
        parts["footer"] = footer[1]
    share = chance.choice((0.0, 0.0, 0.3, 0.6, 1.0))
    made.pins = {name: value for name, value in parts.items() if chance.random() < share}
    if not spelling.has_header:
        made.pins["header"] = False
    if spelling.escape != spelling.quote:
        # A backslash that stands before no quote escapes only for him who knows.
        made.pins["escape"] = spelling.escape
        made.pins["quote"] = spelling.quote
    must_footer = not footer[0] or "footer" in parts or "footer_rows" in parts
    # A table of one column has no blank lines: one without a value cannot be told from them.
    made.must_load = share == 1.0 and must_footer and len(made.columns) > 1


def _bytes(writing: Writing) -> bytes:
    chance, spelling = writing.chance, writing.spelling
    ends = ("\n", "\r\n") if spelling.line_end != "\r" else ("\r", "\n", "\r\n")
    text = ""
    for number, line in enumerate(writing.lines):
        end = chance.choice(ends) if chance.random() < spelling.mixed else spelling.line_end
        is_last = number == len(writing.lines) - 1
        text += line + ("" if is_last and not writing.ends_whole else end)
    if writing.zero:
        text += "\0"
    return spelling.encoded(text)


def _cut(made: Made, writing: Writing) -> None:
    """Cut the file off; a row that was cut within its last value cannot be told from a whole one."""
    spelling = writing.spelling
    text = spelling.decoded(made.content)
    at = writing.chance.randint(len(text) // 2, len(text))
    position = 0
    for line, owner in zip(writing.lines, writing.owners, strict=True):
        start = text.find(line, position) if line else position
        position = start + len(line)
        if owner and at < position:
            # What is cut from the last value leaves another one that may be as true.
            if start < at:
                made.free.add(owner)
            if at <= start:
                del made.rows[owner]
    made.is_cut = True
    made.content = spelling.encoded(text[:at])
    made.faults.append("cut")
    made.must_load = False

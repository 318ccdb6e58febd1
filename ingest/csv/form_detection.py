"""How the numbers and dates of one file are written: what is pinned, and the rest from its first MB."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingest.csv.dialect import Dialect
from ingest.csv.dialect_declaration import DialectBlock
from ingest.csv.records import some_records
from ingest.csv.value_forms import Samples, date_formats, number_form
from ingest.declaration.tables import Column
from ingest.rows.text_forms import PLAIN_FORM, TextForm

# Enough for a plain file; only where these rows show something else, or nothing, is the first MB parsed.
_FIRST_RECORDS = 200
_MANY = 1 << 20
_PLAIN_NUMBER = re.compile(r"\s*[+-]?\d*\.?\d*([eE][+-]?\d+)?\s*")
_GROUP_OR_DECIMALS = re.compile(r"\s*[+-]?[1-9]\d{0,2}\.\d{3}\s*")
_PLAIN_DAY = re.compile(r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}.*")
_NO_NUMBERS = ("text", "boolean", "date", "timestamp")


def find_form(
    body: str,
    dialect: Dialect,
    header: Sequence[str],
    columns: Sequence[Column],
    pinned: DialectBlock,
    where: str,
    *,
    is_whole: bool,
) -> TextForm:
    """The form of the values below the header; raises PlainError where two are plausible."""
    kinds = {column.source_name: column.type for column in columns}
    wanted = {
        name: (position, kinds[name])
        for position, name in enumerate(header)
        if name in kinds and not _is_pinned(kinds[name], pinned)
    }
    form = _of_pins(PLAIN_FORM, pinned)
    if not wanted:
        return form
    is_comma = dialect.delimiter == ","
    samples = _samples(some_records(body, dialect, _FIRST_RECORDS), wanted)
    if (
        _is_plain(samples, wanted, is_comma=is_comma)
        and not pinned.decimal
        and not pinned.thousands
    ):
        return form
    many = some_records(body, dialect, _MANY)
    # The last one may be cut off, and prove by that what is not so.
    samples = _samples(many if is_whole else many[:-1], wanted)
    if not (pinned.decimal and pinned.thousands is not None):
        form = _numbers(form, samples, pinned, where, is_comma=is_comma)
    dates, times = date_formats(samples, where)
    return replace(
        form,
        date_formats=pinned.date_format or dates,
        timestamp_formats=pinned.timestamp_format or times,
    )


def _is_pinned(kind: str, pinned: DialectBlock) -> bool:
    if kind == "date":
        return pinned.date_format is not None
    if kind == "timestamp":
        return pinned.timestamp_format is not None
    return kind in _NO_NUMBERS or (pinned.decimal is not None and pinned.thousands is not None)


def _of_pins(form: TextForm, pinned: DialectBlock) -> TextForm:
    thousands = pinned.thousands or ""
    decimal = pinned.decimal or ("," if thousands == "." else ".")
    return replace(
        form,
        decimal=decimal,
        thousands=thousands,
        date_formats=pinned.date_format or (),
        timestamp_formats=pinned.timestamp_format or (),
    )


def _numbers(
    form: TextForm, samples: Samples, pinned: DialectBlock, where: str, *, is_comma: bool
) -> TextForm:
    if pinned.thousands:
        return form
    decimal, thousands = number_form(
        samples,
        where,
        is_comma=is_comma,
        decimal=pinned.decimal,
        is_grouped=pinned.thousands is None,
    )
    return replace(form, decimal=decimal, thousands=thousands)


def _samples(records: Sequence[Sequence[str]], wanted: dict[str, tuple[int, str]]) -> Samples:
    kinds: dict[str, dict[str, list[str]]] = {
        each: {} for each in ("number", "integer", "date", "timestamp")
    }
    for name, (position, kind) in wanted.items():
        values = [each[position] for each in records if len(each) > position]
        kinds[kind if kind in kinds else "number"][name] = [each for each in values if each.strip()]
    return Samples(kinds["number"], kinds["integer"], kinds["date"], kinds["timestamp"])


def _is_plain(samples: Samples, wanted: dict[str, tuple[int, str]], *, is_comma: bool) -> bool:
    """Whether each column has values, and all of them are in the plain form beyond doubt."""
    numbers = {**samples.numbers, **samples.whole_numbers}
    days = {**samples.days, **samples.times}
    if not all(numbers.get(name) or days.get(name) for name in wanted):
        return False
    for name, values in numbers.items():
        if not all(_PLAIN_NUMBER.fullmatch(value) for value in values):
            return False
        is_doubtful = not is_comma or name in samples.whole_numbers
        if is_doubtful and any(_GROUP_OR_DECIMALS.fullmatch(value) for value in values):
            return False
    return all(_PLAIN_DAY.fullmatch(value) for values in days.values() for value in values)

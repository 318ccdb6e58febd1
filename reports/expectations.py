"""Whether a dataset's rows are what its author expects, in words for readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from reports.formats import Formatter
from reports.frames import Frame, as_day
from reports.language.datasets import Expect


def unmet(
    name: str,
    expect: Expect,
    frame: Frame,
    today: date,
    formatter: Formatter,
    words: Mapping[str, str],
) -> Iterator[str]:
    """What does not hold, one sentence each; `today` is the day of the release."""
    count = len(frame.rows)
    if expect.min_rows is not None and count < expect.min_rows:
        yield words["expected_rows"].format(
            dataset=name,
            count=formatter.text(count, "int"),
            least=formatter.text(expect.min_rows, "int"),
        )
    for column in expect.not_null:
        missing = sum(value is None for value in frame.column(column))
        if missing:
            yield words["expected_values"].format(
                dataset=name, count=formatter.text(missing, "int"), column=column
            )
    dated = date_column(expect, frame)
    moments = frame.column(dated) if dated else []
    days = [as_day(value) for value in moments if isinstance(value, date)]
    if expect.days is not None and days and max(days) < today - timedelta(days=expect.days):
        yield words["expected_age"].format(
            dataset=name, day=formatter.text(max(days), "date"), days=expect.days
        )


def date_column(expect: Expect, frame: Frame) -> str | None:
    """The column that says how old the rows are."""
    dates = [f.name for f in frame.fields if f.sql_type.startswith(("DATE", "TIMESTAMP"))]
    return expect.date or (dates[0] if dates else None)

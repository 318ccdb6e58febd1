"""The script writes numbers and dates as Python does, value by value."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from reports.asset_files import language_file, shared_files
from reports.formats import FORMATS, Formatter
from reports.frames import as_json
from tests.browser.conftest import Visitors
from tests.unit.test_reports_number_formats import DAYS, values

PAGE = '<!DOCTYPE html><html data-ready="true"><script src="s.js"></script><script src="l.js"></script></html>'
WRITE = """([names, values, days]) => [
    names.map(name => values.map(value => TILLHOUSE.writeNumber(name, value))),
    names.map(name => days.map(day => TILLHOUSE.writeDate(name, day)))]"""


@pytest.mark.parametrize(
    ("locale", "currency"),
    [("en_GB", "GBP"), ("de_DE", "EUR"), ("fr_FR", "EUR"), ("es", "EUR"), ("en_IN", "JPY")],
)
def test_script_and_python_write_the_same(
    visit: Visitors, tmp_path: Path, locale: str, currency: str
) -> None:
    written = Formatter(locale, currency)
    (tmp_path / "page.html").write_text(PAGE)
    (tmp_path / "s.js").write_bytes(shared_files()["script"].content)
    (tmp_path / "l.js").write_bytes(language_file(written).content)
    page = visit(tmp_path).open_bare("page")
    # Through JSON, as a page ships them.
    shipped = json.loads(
        json.dumps([as_json(value) for value in [None, *values(), 1e300, -4.5e40]])
    )
    numbers, dates = page.evaluate(WRITE, [FORMATS, shipped, [day.isoformat() for day in DAYS]])
    for place, name in enumerate(FORMATS):
        expected = [written.text(value, name) for value in shipped]
        differing = [
            (name, value, theirs, ours)
            for value, theirs, ours in zip(shipped, numbers[place], expected, strict=True)
            if theirs != ours
        ]
        assert differing == []
        assert dates[place] == [written.text(day, name) for day in DAYS]
    assert page.evaluate(
        "TILLHOUSE.writeDate('date', '2025-11-29T23:59:00+00:00')"
    ) == written.text(date(2025, 11, 29), "date")

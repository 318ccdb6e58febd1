"""An item without rows says why: which mart is empty, and what would fill it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reports.emptiness import FILLED_BY
from tests.unit.reports_folder import PAGE, render

ROOT = Path(__file__).resolve().parents[2]
NOTHING = "There are no rows for this yet: "


def said_of_empty(folder: Path, sql: str, **marts: str) -> list[str]:
    """What stands in place of a table over `sql`, on a page whose other items have rows."""
    page = PAGE.replace("metrics:\n", f"  none:\n    sql: {sql}\n    order: [day]\nmetrics:\n", 1)
    table = "      - {type: table, title: Days, dataset: none, columns: [{field: day}]}\n"
    html = (render(folder, {"sales": page + table}, **marts) / "sales.html").read_text("utf-8")
    return re.findall(r'<p class="empty">(.*?)</p>', html)


EMPTY = "select date '2025-01-01' as day where false"


@pytest.mark.parametrize(
    ("mart", "says"),
    [
        ("fct_orders", "fct_orders fills with the first sales that a source brings."),
        (
            "fct_events",
            "fct_events fills with the first events of a source, such as the visits to a web shop.",
        ),
        ("ingest_log", "ingest_log fills with the first load of a source."),
        ("sales_forecast", "sales_forecast fills once there are sales enough for it."),
        ("my_own_mart", "my_own_mart is empty."),
    ],
)
def test_an_empty_mart_is_named_with_what_would_fill_it(
    tmp_path: Path, mart: str, says: str
) -> None:
    assert said_of_empty(tmp_path, f"select day from {mart}", **{mart: EMPTY}) == [NOTHING + says]


def test_of_several_marts_the_empty_one_is_named(tmp_path: Path) -> None:
    sql = "select day from sales_monthly inner join fct_events on fct_events.day = month_start"
    (said,) = said_of_empty(tmp_path, sql, fct_events=EMPTY)
    assert said.startswith(f"{NOTHING}fct_events fills")


def test_marts_with_rows_of_another_kind_are_not_called_empty(tmp_path: Path) -> None:
    sql = "select day from fct_orders cross join sales_monthly where orders > 99"
    said = said_of_empty(tmp_path, sql, fct_orders="select date '2025-01-01' as day")
    assert said == [
        f"{NOTHING}no row of fct_orders, sales_monthly is of the kind that is shown here."
    ]


def test_a_query_without_marts_has_no_more_to_say(tmp_path: Path) -> None:
    sql = "select date '2025-01-01' as day where false"
    assert said_of_empty(tmp_path, sql) == ["There are no rows for this yet."]


def test_every_mart_of_the_house_is_filled_by_something() -> None:
    assert {path.stem for path in (ROOT / "models" / "marts").rglob("*.sql")} == set(FILLED_BY)

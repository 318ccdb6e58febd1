"""What a table may hold: allowed values, bounds, patterns, and how many rows may break them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from configuration.errors import ConfigurationError
from ingest.declaration.sources_file import load_sources_file
from tests.conftest import ROOT
from tests.pipeline.csv_shop import CsvShop, by_reason
from tests.pipeline.file_drops import FileDrops
from tests.pipeline.rest_lake import RestLake, order, orders_table
from tests.pipeline.scripted_api import page, scripted_api
from till.rejected import open_rejected

COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "pattern": "[A-Z]-[0-9]+", "nullable": False},
    {"name": "channel", "allowed": ["web", "it's a shop"]},
    {"name": "amount", "type": "decimal(9,2)", "min": 0.5, "max": 100},
    {"name": "day", "type": "date", "min": "2024-01-01", "max": "2024-12-31"},
]
FITS = [("A-1", "web", "0.50", "2024-01-01"), ("B-2", "it's a shop", "100.00", "2024-12-31")]
BREAKS = {
    ("xA-1", "web", "1", "2024-02-01"): "id: 'xA-1' is not text like [A-Z]-[0-9]+",
    ("A-3", "Web", "1", "2024-02-01"): "channel: 'Web' is not one of web, it's a shop",
    ("A-4", "web", "0.49", "2024-02-01"): "amount: '0.49' is not at least 0.50",
    ("A-5", "web", "100.01", "2024-02-01"): "amount: '100.01' is not at most 100.00",
    ("A-6", "web", "1", "2025-01-01"): "day: '2025-01-01' is not at most 2024-12-31",
    ("A-7", "", "", ""): "",
    ("", "web", "1", "2024-02-01"): "id is empty",
    ("A-8", "web", "x", "2023-01-01"): (
        "amount: 'x' is not a number with at most 7 digits before and 2 after the point; "
        "day: '2023-01-01' is not at least 2024-01-01"
    ),
}


def values(rows: list[tuple[str, ...]], quote: str = '"') -> list[str]:
    return [",".join(f"{quote}{value}{quote}" if value else "" for value in row) for row in rows]


def drop_rows(shop: FileDrops, rows: list[tuple[str, ...]]) -> None:
    """The same rows as CSV, as JSON lines, and as Parquet with types of its own."""
    if shop.kind == "csv":
        shop.drop("a.csv", "id,channel,amount,day\n" + "\n".join(values(rows)) + "\n")
    elif shop.kind == "json":
        names = ("id", "channel", "amount", "day")
        lines = (
            "{" + ", ".join(f'"{n}": "{v}"' for n, v in zip(names, row, strict=True)) + "}"
            for row in rows
        )
        shop.drop("a.jsonl", "\n".join(lines) + "\n")
    else:
        made = ", ".join(f"({', '.join(_sql(value) for value in row)})" for row in rows)
        shop.drop_parquet(
            "a.parquet",
            "select id, channel, try_cast(amount as decimal(12,3)) as amount, day::date as day "
            f"from (values {made}) rows(id, channel, amount, day)",
        )


def _sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if text else "null"


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_rows_that_break_a_rule_are_rejected_with_the_reason(tmp_path: Path, kind: str) -> None:
    shop = FileDrops(tmp_path, kind=kind)
    shop.declare_table(COLUMNS)
    breaks = {row: why for row, why in BREAKS.items() if kind != "parquet" or row[2] != "x"}
    drop_rows(shop, [*FITS, *breaks])
    shop.ingest()
    reasons = {
        why.replace("'0.49'", "'0.490'").replace("'100.01'", "'100.010'")
        if kind == "parquet"
        else why
        for why in breaks.values()
        if why
    }
    assert set(by_reason(shop.rejected())) == reasons
    assert [row[0] for row in shop.rows()] == ["A-1", "A-7", "B-2"]
    with open_rejected(shop.lake, shop.manifest()) as found:
        kinds = {each.reason for each in found.kinds()}
    assert "is not at most 2024-12-31" in kinds
    assert "is not one of web, it's a shop" in kinds


def test_rules_hold_for_an_api_too(tmp_path: Path) -> None:
    lake = RestLake(tmp_path)
    columns = [{"name": "order_id"}, {"name": "status", "allowed": ["paid"]}]
    with scripted_api(lambda asked: page([order(1), order(2, status="lost")])) as api:
        lake.declare(api.url, orders_table(columns=columns, max_rejected=1.0))
        lake.ingest()
    assert lake.rows() == [("A1", "paid")]
    assert lake.rejected()[0][1] == "status: 'lost' is not one of paid"


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        (
            "type: integer, min: 0.5",
            ":9:38: sources[0].tables[0].columns[0].min: '0.5' is not a whole",
        ),
        ("type: date, max: 2024-02-30", "max: '2024-02-30' is not a date such as 2024-03-09"),
        ("type: integer, min: 3, max: 2", "max: is below min (3)"),
        ("min: 3", "min: needs a number, a date or a timestamp; this column is text"),
        ("allowed: [007]", "allowed: 7 is no text here; put it into quotes"),
        ("allowed: []", "at least 1 item"),
        ("type: boolean, allowed: [maybe]", "allowed: 'maybe' is not true or false"),
        ("pattern: '('", "pattern: is no regular expression"),
        ("type: date, pattern: '.*'", "pattern: needs text; this column is date"),
    ],
)
def test_a_rule_that_no_row_could_follow_is_told_with_its_place(
    tmp_path: Path, column: str, sentence: str
) -> None:
    shop = CsvShop(tmp_path)
    shop.declare(
        f"      - name: sales\n        path: drops\n        columns:\n          - {{name: a, {column}}}\n"
    )
    with pytest.raises(ConfigurationError) as refused:
        load_sources_file(tmp_path / "sources.yml", {})
    assert sentence in "\n".join(str(each) for each in refused.value.problems)


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("0", "max_rejected (0 rows)"),
        ("0.0", "max_rejected (0 of the rows)"),
        ("1", "max_rejected (1 row)"),
        ("0.3", "max_rejected (0.3 of the rows)"),
        ("2", None),
        ("0.5", None),
        ("1.0", None),
    ],
)
def test_a_limit_with_a_point_is_a_share_and_one_without_a_count(
    tmp_path: Path, limit: str, said: str | None
) -> None:
    shop = CsvShop(tmp_path)
    shop.declare(max_rejected=limit)
    shop.drop("a.csv", "id,amount\na,1\nb,x\nc,y\nd,2\n")
    if said is None:
        assert shop.ingest().failed == []
        assert shop.rows() == [("a", 1), ("d", 2)]
    else:
        assert (
            f"2 of 4 rows do not fit the declared columns, more than {said} allows" in shop.error()
        )
        assert shop.manifest().records == []


@pytest.mark.parametrize("limit", ["1.5", "-1", "-0.1", "true", "many"])
def test_a_limit_that_is_neither_is_refused(tmp_path: Path, limit: str) -> None:
    shop = CsvShop(tmp_path)
    shop.declare(max_rejected=limit)
    with pytest.raises(ConfigurationError) as refused:
        load_sources_file(tmp_path / "sources.yml", {})
    assert "max_rejected" in str(refused.value.problems[0])


def test_above_the_limit_the_last_good_rows_stay(tmp_path: Path) -> None:
    shop = CsvShop(tmp_path)
    shop.declare(max_rejected=0.5)
    shop.drop("a.csv", "id,amount\na,1\nb,2\n")
    shop.ingest()
    shop.drop("a.csv", "id,amount\na,x\nb,y\n")
    assert "2 of 2 rows do not fit" in shop.error()
    assert shop.rows() == [("a", 1), ("b", 2)]


def test_bounds_are_those_of_the_type_not_of_its_text(tmp_path: Path) -> None:
    shop = FileDrops(tmp_path)
    columns = [
        {"name": "id"},
        {"name": "amount", "type": "decimal(9,2)", "allowed": ["10", 2.5], "min": "9"},
    ]
    shop.declare_table(columns)
    shop.drop("a.csv", "id,amount\na,10.00\nb,2.5\nc,9\n")
    shop.ingest()
    assert shop.rows() == [("a", Decimal("10.00"))]
    assert sorted(each.reason for each in shop.rejected()) == [
        "amount: '2.5' is not at least 9.00",
        "amount: '9' is not one of 10.00, 2.50",
    ]


def test_the_example_of_the_guide_can_be_read(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "reference" / "contracts.md").read_text(encoding="utf-8")
    section = guide.partition("```yaml\n")[2]
    block = section.partition("```")[0]
    path = tmp_path / "sources.yml"
    path.write_text(f"version: 1\nsources:\n  - name: market\n    kind: csv\n{block}")
    (table,) = load_sources_file(path, {}).sources[0].tables
    assert table.max_rejected == 20
    assert table.column_policy.on_new == "add"
    assert table.column_policy.optional == {"channel", "pieces", "sold_at"}

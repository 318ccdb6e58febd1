"""A backfill of some days: the files whose names say so, and no others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from configuration.errors import ConfigurationError
from ingest.declaration.sources_file import load_sources_file
from ingest.dry_run import plan
from ingest.files.window import days_of
from ingest.kinds import TableWork
from ingest.results import Window
from ingest.run import check_window
from tests.conftest import ROOT, Till
from tests.pipeline.csv_shop import CsvShop
from tests.pipeline.file_drops import FileDrops
from till.window_options import window_of

HEAD = "id,amount\n"
MARCH = Window(date(2024, 3, 1), date(2024, 3, 31))


@pytest.fixture
def shop(tmp_path: Path) -> CsvShop:
    shop = CsvShop(tmp_path / "shop")
    for number, name in enumerate(("2024-02-29", "2024-03-01", "2024-03-31", "2024-04-01")):
        shop.drop(f"sales-{name}.csv", HEAD + f"{name},{number}\n")
    return shop


def ids(shop: CsvShop) -> list[Any]:
    return [row[0] for row in shop.rows()]


@pytest.mark.parametrize(
    ("path", "days"),
    [
        ("drops/2010-12-01.csv", ("2010-12-01", "2010-12-01")),
        ("sales_20101201.csv", ("2010-12-01", "2010-12-01")),
        ("2010_12_01.xlsx", ("2010-12-01", "2010-12-01")),
        ("x2010.12.01T1530.json", ("2010-12-01", "2010-12-01")),
        ("20101201153000.csv", ("2010-12-01", "2010-12-01")),
        ("2024-02-27_2024-03-02.csv", ("2024-02-27", "2024-03-02")),
        ("2024-02.csv", ("2024-02-01", "2024-02-29")),
        ("data/2024/03/09/sales.csv", ("2024-03-09", "2024-03-09")),
        ("data/2024-03/2024-05-01.csv", ("2024-05-01", "2024-05-01")),
        ("sales.csv", None),
        ("2024.csv", None),
        ("invoice-1234567890.csv", None),
        ("2024-13-01.csv", None),
        ("20240230.csv", None),
        ("0024-01-01.csv", None),
    ],
)
def test_the_days_in_a_name(path: str, days: tuple[str, str] | None) -> None:
    found = days_of(path)
    assert (found and tuple(map(str, found))) == days


@pytest.mark.parametrize(
    ("start", "end", "loaded"),
    [
        ("2024-03-01", "2024-03-31", ["2024-03-01", "2024-03-31"]),
        ("2024-03-31", None, ["2024-03-31", "2024-04-01"]),
        (None, "2024-02-29", ["2024-02-29"]),
    ],
)
def test_only_files_of_these_days_are_loaded(
    shop: CsvShop, start: str | None, end: str | None, loaded: list[str]
) -> None:
    first, last = (date.fromisoformat(each) if each else None for each in (start, end))
    shop.ingest(window=Window(first, last))
    assert ids(shop) == loaded
    record = shop.manifest().records[0]
    assert (record.window_start, record.window_end) == (start, end)
    shop.ingest()
    assert len(ids(shop)) == 4, "the rest is loaded without a window, once"


def test_a_reload_of_some_days_leaves_the_others(shop: CsvShop) -> None:
    shop.ingest()
    shop.ingest(reload=True, window=MARCH)
    newest = shop.manifest().records[-1]
    again = ["drops/sales-2024-03-01.csv", "drops/sales-2024-03-31.csv"]
    assert [each.path for each in newest.inputs] == again
    assert [each.path for each in newest.supersedes] == again
    assert len(ids(shop)) == 4


def test_files_without_a_date_are_left_out_and_the_table_is_told(shop: CsvShop) -> None:
    shop.drop("sales.csv", HEAD + "x,1\n")
    told: list[str] = []
    shop.ingest(window=MARCH, on_progress=told.append)
    assert ids(shop) == ["2024-03-01", "2024-03-31"]
    assert "shop.sales: 1 file has no date in the name, so --from and --to leave it out" in told
    sources = load_sources_file(shop.folder / "sources.yml", {})
    (planned,) = plan(sources, shop.lake, shop.folder, window=MARCH)
    assert {file.path.removeprefix("drops/"): (file.what, file.why) for file in planned.files} == {
        "sales-2024-02-29.csv": ("outside", "2024-02-29 is before --from"),
        "sales-2024-03-01.csv": ("known", planned.files[1].why),
        "sales-2024-03-31.csv": ("known", planned.files[2].why),
        "sales-2024-04-01.csv": ("outside", "2024-04-01 is after --to"),
        "sales.csv": ("outside", "has no date in its name"),
    }
    assert not planned.is_refused


@pytest.mark.parametrize("kind", ["csv", "parquet", "json", "excel"])
def test_a_table_whose_files_have_no_dates_says_so(tmp_path: Path, kind: str) -> None:
    shop = FileDrops(tmp_path / "shop", kind=kind)
    shop.declare_table()
    shop.drop("sales." + {"excel": "xlsx"}.get(kind, kind), "x")
    (failed,) = shop.ingest(window=MARCH).failed
    assert "no file has a date in its name, so --from and --to cannot choose" in str(failed.error)


def test_days_without_files_load_nothing(shop: CsvShop) -> None:
    result = shop.ingest(window=Window(date(2025, 1, 1), None))
    assert (result.failed, shop.manifest().records) == ([], [])


def test_a_kind_without_days_is_refused_before_anything_is_loaded() -> None:
    @dataclass
    class Stream:
        source: str = "clicks"
        kind: str = "kinesis"
        names: tuple[str, ...] = ("events",)

    works = [cast(TableWork, Stream()), cast(TableWork, Stream("shop", "csv"))]
    with pytest.raises(ConfigurationError) as error:
        check_window(works, MARCH)
    assert str(error.value).startswith("clicks.events: a source of kind kinesis has no days")
    assert str(error.value).endswith("Name the sources that have: shop.")
    check_window(works, None)


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("yesterday", None, "--from: 'yesterday' is no date. Write it like 2024-03-09."),
        (None, "2024-02-30", "--to: '2024-02-30' is no date. Write it like 2024-03-09."),
        ("20240301", None, "--from: '20240301' is no date. Write it like 2024-03-09."),
        (
            "2024-03-02",
            "2024-03-01",
            "--from 2024-03-02 is after --to 2024-03-01. Give the earlier day to --from.",
        ),
    ],
)
def test_a_window_that_is_none_is_one_sentence(
    start: str | None, end: str | None, sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        window_of(start, end)
    assert str(error.value) == sentence


def test_the_command_loads_and_plans_some_days(shop: CsvShop, till: Till) -> None:
    (shop.folder / "dbt_project.yml").write_text("name: x\n")
    options = ["--sources", "sources.yml", "--from", "2024-03-01", "--to", "2024-03-31"]
    code = {"PYTHONPATH": str(ROOT)}
    planned = till(shop.folder, "ingest", *options, "--dry-run", environ=code)
    assert "skip (not these days)" in planned.stdout, planned.stderr
    assert shop.manifest().records == []
    wrong = till(shop.folder, "ingest", "--to", "x", environ=code)
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "--to: 'x' is no date. Write it like 2024-03-09.\n",
    )
    done = till(shop.folder, "ingest", *options, environ=code)
    assert done.returncode == 0, done.stderr
    assert ids(shop) == ["2024-03-01", "2024-03-31"]

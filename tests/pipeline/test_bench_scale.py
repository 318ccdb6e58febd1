"""The large benchmark's own parts: the made-up shop, the floor's figures, the limit of memory.

What it measures is nobody's business here; that it compares the same figures, and that the limit is
one, is.
"""

from __future__ import annotations

import csv
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT

# The benchmarks are scripts that import each other from their own folder.
sys.path.append(str(ROOT / "docs" / "benchmarks"))
from floor import run_floor
from limited import Cost, run_limited
from synthetic_shop import write_shop

LINES = 20_000
SERVICE = ("POST", "DOT", "C2", "C3")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "made"
    write_shop(folder, LINES, increment_lines=500)
    return folder


def distinct_rows(files: list[Path]) -> list[dict[str, str]]:
    """The rows of CSV files, exact copies once."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for file in files:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found[tuple(row.values())] = row
    return list(found.values())


def net_revenue(rows: list[dict[str, str]]) -> Decimal:
    """What METRICS calls net revenue, line by line."""
    total = Decimal(0)
    for row in rows:
        code, quantity, price = row["StockCode"], int(row["Quantity"]), Decimal(row["UnitPrice"])
        is_sale = code[:5].isdigit() or code in SERVICE
        is_void = price <= 0 and not row["InvoiceNo"].startswith("C")
        if is_sale and not is_void:
            total += quantity * price
    return total


def raw_parquet(files: list[Path], target: Path) -> None:
    """The files as the raw lake has them, without a run of the house."""
    duckdb.execute(
        """
        copy (
            select
                "InvoiceNo" as invoice_no, "StockCode" as stock_code, "Description" as description,
                "Quantity" as quantity, "InvoiceDate" as invoice_date, "UnitPrice" as unit_price,
                "CustomerID" as customer_id, "Country" as country, filename as _file, '1' as load_id
            from read_csv($files, header = true, filename = true, types = {
                'InvoiceNo': 'varchar', 'StockCode': 'varchar', 'CustomerID': 'varchar',
                'UnitPrice': 'decimal(18, 4)', 'Quantity': 'bigint', 'InvoiceDate': 'timestamp'
            })
        ) to '"""
        + str(target)
        + "' (format parquet)",
        {"files": [str(file) for file in files]},
    )


def test_the_floor_has_the_figures_of_the_files(shop: Path, tmp_path: Path) -> None:
    # with the increment: late lines of invoices that the months before it have
    files = [*sorted((shop / "base").glob("*.csv")), shop / "increment" / "increment.csv"]
    rows = distinct_rows(files)
    raw = tmp_path / "raw.parquet"
    raw_parquet(files, raw)
    out = tmp_path / "floor"
    run_floor(str(raw), out, memory="1GB")

    def one(query: str) -> tuple[object, ...]:
        row = duckdb.execute(query.replace("$out", str(out))).fetchone()
        assert row is not None
        return row

    assert one("select count(*) from '$out/fct_order_lines/*/*.parquet'") == (len(rows),)
    invoices = {row["InvoiceNo"] for row in rows}
    assert one("select count(*), sum(lines) from '$out/fct_orders/*/*.parquet'") == (
        len(invoices),
        len(rows),
    )
    expected = net_revenue(rows)
    assert expected > 0
    for mart in ("fct_orders/*/*", "sales_daily", "sales_weekly", "sales_monthly", "country_kpis"):
        assert one(f"select sum(net_revenue) from '$out/{mart}.parquet'") == (expected,), mart
    sold_by = {
        (row["StockCode"], row["InvoiceNo"])
        for row in rows
        if row["StockCode"][:5].isdigit()
        and not row["InvoiceNo"].startswith("C")
        and Decimal(row["UnitPrice"]) > 0
    }
    assert one("select sum(orders) from '$out/product_kpis.parquet'") == (len(sold_by),)


def test_the_shop_is_the_same_on_every_run_and_plausible(shop: Path, tmp_path: Path) -> None:
    write_shop(tmp_path / "again", LINES, increment_lines=500, threads=1)
    files = sorted((shop / "base").glob("*.csv"))
    assert len(files) == 60
    for file in [*files, shop / "increment" / "increment.csv"]:
        again = tmp_path / "again" / file.relative_to(shop)
        assert again.read_bytes() == file.read_bytes(), file.name
    total = sum(file.read_bytes().count(b"\n") - 1 for file in files)
    assert abs(total - LINES) < LINES / 50
    assert 0 < total - len(distinct_rows(files)) < LINES / 200
    increment = distinct_rows([shop / "increment" / "increment.csv"])
    known = {row["InvoiceNo"] for row in distinct_rows(files)}
    late = [row for row in increment if row["InvoiceNo"] in known]
    assert 0 < len(late) <= 10
    assert {row["InvoiceDate"][:7] for row in late} == {"2025-12"}
    assert all(row["InvoiceDate"] >= "2026" for row in increment if row not in late)


def limited(program: str, tmp_path: Path, limit_mb: int) -> Cost:
    return run_limited(
        [sys.executable, "-c", program], limit_mb=limit_mb, log=tmp_path / "log", cwd=tmp_path
    )


def test_a_process_cannot_have_more_memory_than_its_limit(tmp_path: Path) -> None:
    program = "kept = bytearray({} * 2**20); print('has it')"
    within = limited(program.format(100), tmp_path, 300)
    assert within.status == 0
    assert within.peak_mb < 300
    beyond = limited(program.format(400), tmp_path, 300)
    assert beyond.status != 0
    assert beyond.is_out_of_memory
    assert "has it" not in beyond.log.read_text()
    assert (
        beyond.peak_mb < 320
    )  # the kernel refused it; of a control group shared pages do not count


def test_processes_that_share_a_limit_are_ended_when_they_break_it_together(tmp_path: Path) -> None:
    # each is within the limit; they wait for each other's end, so only the sampler can end them all
    program = (
        "import subprocess, sys\n"
        "one = 'kept = bytearray(200 * 2**20); input()'\n"
        "both = [subprocess.Popen([sys.executable, '-c', one], stdin=subprocess.PIPE) for _ in '12']\n"
        "for each in both: each.wait()\n"
    )
    cost = limited(program, tmp_path, 300)
    assert cost.was_stopped
    assert cost.is_out_of_memory


def test_a_command_that_fails_for_another_reason_is_not_called_out_of_memory(
    tmp_path: Path,
) -> None:
    cost = limited("raise SystemExit('no such file')", tmp_path, 300)
    assert cost.status == 1
    assert not cost.is_out_of_memory

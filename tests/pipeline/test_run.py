"""`till run`: what passes is released; what fails leaves the release, and says why."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import MODELS_ALONE, WITHOUT_UNIT_TESTS, Till, keep_one_page
from tests.parsed_projects import ParsedProjects
from tests.pipeline.small_shop import NET_REVENUE, PURCHASES, SmallShop, make_small_shop
from till.lake_lock import lake_lock

PATIENCE_SECONDS = 120
UNCHANGED = "The models are those that passed their unit tests before."


@pytest.fixture(scope="module")
def released_shop(
    tmp_path_factory: pytest.TempPathFactory, till: Till, parsed: ParsedProjects
) -> SmallShop:
    """The small shop after one good run; tests that write take a copy."""
    shop = make_small_shop(tmp_path_factory.mktemp("released") / "shop")
    parsed.lend("small_shop", shop.root)
    done = shop.run(till)
    assert done.returncode == 0, done.stdout + done.stderr
    parsed.keep("small_shop", shop.root)
    (shop.root / "first_run.txt").write_text(done.stdout)
    return shop


@pytest.fixture
def shop(released_shop: SmallShop, tmp_path: Path) -> SmallShop:
    root = tmp_path / "shop"
    shutil.copytree(released_shop.root, root, symlinks=True)
    keep_one_page(root)  # the released shop has drawn them all
    return SmallShop(root)


def test_a_run_says_what_it_did_and_where_the_report_is(released_shop: SmallShop) -> None:
    said = (released_shop.root / "first_run.txt").read_text()
    assert re.search(r"^all +13 +13 +0", said, re.MULTILINE)
    assert re.search(
        r"^Models \d+   tests passed \d+   warned 1   failed 0   skipped 0$", said, re.M
    )
    (warning,) = re.findall("^Warning: .*", said, re.MULTILINE)
    assert warning.startswith(
        "Warning: clv_model_parameters: lifetime_models_without_figures found 2 rows; nothing, where the"
    )
    assert warning.endswith("/tests/data/lifetime_models_without_figures.sql).")
    assert re.search(r"^Seconds .*ingest .*build .*docs .*render .*release", said, re.MULTILINE)
    assert said.endswith("The report is at site/index.html\n")
    assert (released_shop.root / "site" / "index.html").is_file()
    assert (released_shop.root / "site" / "docs" / "index.html").is_file()


def test_the_release_holds_the_figures_worked_out_by_hand(released_shop: SmallShop) -> None:
    for mart in ("fct_orders", "sales_daily", "sales_monthly", "country_kpis"):
        assert released_shop.released("sum(net_revenue)", mart) == Decimal(NET_REVENUE), mart
    assert released_shop.released("sum(rows_read)", "ingest_log") == 13


def test_a_handful_of_customers_have_no_lifetime_value_and_that_is_the_warning(
    released_shop: SmallShop,
) -> None:
    status = released_shop.released("min(status)", "clv_model_parameters")
    assert status == "not fitted: 2 customers with a purchase of value on another day, " + (
        "at least 10 are needed"
    )
    assert released_shop.released("max(status)", "clv_model_parameters") == (
        "not fitted: 3 customers, at least 50 are needed"
    )
    assert released_shop.released("count(value)", "clv_model_parameters") == 0
    assert released_shop.released("sum(repeat_purchases)", "customer_lifetime_value") == 4
    assert released_shop.released("count(lifetime_value_12m)", "customer_lifetime_value") == 0


def checks_passed(said: str) -> int:
    """Data tests and unit tests, as the summary of a run has them."""
    (passed,) = re.findall(r"^Models \d+   tests passed (\d+)", said, re.MULTILINE)
    return int(passed)


def test_new_rows_are_released_and_gone_back_from(shop: SmallShop, till: Till) -> None:
    first = shop.current_release()
    shop.purchases.with_name("purchases.csv").write_text(
        PURCHASES + "R10,2024-04-03 09:10:00,C2,SKU-1,Polenta,Pantry,1,2.20,0.00,EUR\n"
    )
    done = shop.run(till)
    assert done.returncode == 0, done.stdout + done.stderr
    assert UNCHANGED in done.stdout
    first_run = (shop.root / "first_run.txt").read_text()
    assert checks_passed(first_run) > checks_passed(done.stdout) + 10, "unit tests ran again"
    assert shop.released("sum(net_revenue)", "sales_daily") == Decimal("100.00")

    listed = till(shop.root, "release", "list").stdout.splitlines()
    assert listed[1].startswith(f"*  {shop.current_release()}")
    assert listed[2].split()[0] == first

    back = till(shop.root, "release", "rollback")
    assert back.returncode == 0, back.stderr
    assert shop.current_release() == first
    assert (shop.root / "site").resolve().parent.name == first
    assert shop.released("sum(net_revenue)", "sales_daily") == Decimal(NET_REVENUE)


def test_a_failing_test_keeps_the_release_and_shows_the_rows(shop: SmallShop, till: Till) -> None:
    first = shop.current_release()
    law = shop.root / "tests" / "data" / "no_receipt_above_the_limit.sql"
    law.write_text(
        "select order_id, net_revenue from {{ ref('fct_orders') }} where net_revenue > 19\n"
    )
    shop.purchases.write_text(PURCHASES.replace("C3,SKU-1,Polenta,Pantry,2", "C3,S,P,Pantry,20"))
    failed = shop.run(till, **WITHOUT_UNIT_TESTS)
    assert failed.returncode == 1
    assert UNCHANGED not in failed.stdout
    assert "data test no_receipt_above_the_limit failed" in failed.stdout
    assert "(tests/data/no_receipt_above_the_limit.sql)" in failed.stdout
    assert re.search(r"^R5 +68\.0000", failed.stdout, re.MULTILINE)
    assert f"Readers still see release {first}." in failed.stdout
    assert shop.current_release() == first
    assert shop.released("sum(net_revenue)", "sales_daily") == Decimal(NET_REVENUE)

    law.unlink()
    mended = shop.run(till, **MODELS_ALONE)
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert "its marts were put back" in mended.stdout
    assert shop.released("sum(net_revenue)", "fct_orders") == Decimal(NET_REVENUE) + Decimal("61.2")


def test_a_run_killed_while_it_builds_is_made_good_by_the_next(shop: SmallShop, till: Till) -> None:
    first = shop.current_release()
    shop.purchases.write_text(PURCHASES.replace("C3,SKU-1,Polenta,Pantry,2", "C3,S,P,Pantry,20"))
    before = (shop.root / "lake" / "marts" / "sales_daily.parquet").stat().st_ino
    running = subprocess.Popen(
        [sys.executable, "-m", "till", "run", "--sources", shop.sources],
        cwd=shop.root,
        env={**os.environ, "PYTHONPATH": str(shop.root), **MODELS_ALONE},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (shop.root / "lake" / "marts" / "sales_daily.parquet").stat().st_ino == before:
        assert running.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)  # looking all the time would take a core from the run
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert shop.current_release() == first
    assert shop.released("sum(net_revenue)", "sales_daily") == Decimal(NET_REVENUE)

    done = shop.run(till, **MODELS_ALONE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert shop.released("sum(net_revenue)", "sales_daily") == Decimal(NET_REVENUE) + Decimal(
        "61.2"
    )


def test_a_second_run_at_the_same_time_is_told_who_runs(shop: SmallShop, till: Till) -> None:
    with lake_lock(shop.root / "lake", "till run"):
        done = shop.run(till)
    assert done.returncode == 3
    assert f"process {os.getpid()}" in done.stderr


HEADER = PURCHASES.splitlines()[0]
BAD_INPUTS = {
    "a missing file": (None, "inputs/purchases.csv: the file does not exist."),
    "an empty file": ("", "inputs/purchases.csv: the file is empty."),
    "a header only": (HEADER + "\n", "inputs/purchases.csv: the file has a header but no rows."),
    "a column that vanished": (
        "\n".join(",".join(line.split(",")[:-1]) for line in PURCHASES.splitlines()) + "\n",
        "the column 'currency' is not there",
    ),
    "a column that is new": (
        "\n".join(
            f"{line},{'till' if number == 0 else 'T1'}"
            for number, line in enumerate(PURCHASES.splitlines())
        )
        + "\n",
        "the column 'till' is not declared",
    ),
    "text in a number column": (
        PURCHASES.replace(",1,3.40,", ",one,3.40,"),
        "quantity: 'one' is not a whole number",
    ),
}


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_a_bad_export_is_one_sentence_and_the_release_stays(
    released_shop: SmallShop, tmp_path: Path, till: Till, case: str
) -> None:
    content, sentence = BAD_INPUTS[case]
    first = released_shop.current_release()
    exports = tmp_path / "exports"
    shutil.copytree(released_shop.root / "inputs", exports)
    if content is None:
        (exports / "purchases.csv").unlink()
    else:
        (exports / "purchases.csv").write_text(content)
    done = run_with_sources(
        released_shop, tmp_path, till, replacing=("inputs/", f"{exports.as_posix()}/")
    )
    assert done.returncode == 1
    assert sentence.removeprefix("inputs/") in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert released_shop.current_release() == first


def run_with_sources(
    shop: SmallShop, tmp_path: Path, till: Till, *, replacing: tuple[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run with a changed copy of the sources file; the shop itself stays as it is."""
    text = (shop.root / shop.sources).read_text()
    assert replacing[0] in text
    changed = tmp_path / "changed.yml"
    changed.write_text(text.replace(*replacing))
    return till(shop.root, "run", "--sources", str(changed))


BAD_YAML = {
    "an unknown key": ("kind: csv", "kind: csv\n    tabels: []", "Did you mean 'tables'?"),
    "not YAML": ("version: 1", "version: [1", "changed.yml:"),
    "a key twice": ("version: 1", "version: 1\nversion: 1", "Keep one of the two."),
    "a type that is none": ("type: integer", "type: int", "integer"),
}


@pytest.mark.parametrize("case", BAD_YAML)
def test_a_sources_file_with_a_mistake_says_where(
    released_shop: SmallShop, tmp_path: Path, till: Till, case: str
) -> None:
    old, new, sentence = BAD_YAML[case]
    first = released_shop.current_release()
    done = run_with_sources(released_shop, tmp_path, till, replacing=(old, new))
    assert done.returncode == 2
    assert re.search(r"changed\.yml:\d+:\d+: ", done.stderr), done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert released_shop.current_release() == first


def test_a_page_with_a_mistake_stops_the_run_before_anything_is_loaded(
    shop: SmallShop, till: Till
) -> None:
    page = shop.root / "reports" / "pages" / "sales.yml"
    page.write_text(page.read_text().replace("sections:", "sectoins:", 1))
    done = shop.run(till)
    assert done.returncode == 2
    assert re.search(r"sales\.yml:\d+:\d+: .*Did you mean 'sections'", done.stderr), done.stderr
    assert len(list((shop.root / "lake" / "releases").iterdir())) == 1


def test_an_api_that_is_down_is_one_sentence(
    released_shop: SmallShop, tmp_path: Path, till: Till
) -> None:
    done = till(
        released_shop.root,
        "ingest",
        "webshop.products",
        environ={"TILL_DEMO_API": "http://127.0.0.1:9", "TILL_LAKE": str(tmp_path / "lake")},
    )
    assert done.returncode == 1
    assert "the API cannot be reached" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_lake_that_cannot_be_written_is_one_sentence(
    released_shop: SmallShop, tmp_path: Path, till: Till
) -> None:
    (tmp_path / "lake").write_text("a file")
    done = released_shop.run(till, TILL_LAKE=str(tmp_path / "lake"))
    assert done.returncode == 1
    assert "the lake cannot be written" in done.stderr
    assert "Traceback" not in done.stderr

"""The whole path on a real shop's year: published counts, every law, one load or two."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.conftest import MODELS_ALONE, Till, copy_project, keep_one_page
from tests.parsed_projects import ParsedProjects
from tests.pipeline.conftest import run_online_retail
from tests.pipeline.released_marts import mart_names, mart_query

# Which load brought a row, and when, differs between one load and two; no figure does.
OF_THE_LOAD = {"ingest_log"}


@pytest.fixture(scope="module")
def loaded_in_two_runs(
    tmp_path_factory: pytest.TempPathFactory,
    online_retail_dir: Path,
    till: Till,
    parsed: ParsedProjects,
) -> Path:
    folder = tmp_path_factory.mktemp("two_runs")
    project = copy_project(folder / "project")
    keep_one_page(project)
    parsed.lend("online_retail", project)
    drops = folder / "drops"
    drops.mkdir()
    files = sorted(online_retail_dir.glob("*.csv"))
    for part in (files[:100], files[100:]):
        for file in part:
            shutil.copyfile(file, drops / file.name)
        run_online_retail(project, drops, till, **MODELS_ALONE)
    return project


def test_the_published_row_counts_are_loaded(online_retail_project: Path) -> None:
    log = mart_query(online_retail_project, "ingest_log")
    assert duckdb.sql(
        f"select sum(rows_read), sum(rows_loaded), sum(rows_rejected) from {log}"
    ).fetchall() == [(541_909, 541_909, 0)]


def test_the_published_figures_come_out(online_retail_project: Path) -> None:
    lines = mart_query(online_retail_project, "fct_order_lines")
    assert duckdb.sql(
        f"select count(*), count(distinct order_id), count(distinct customer_key) from {lines}"
    ).fetchall() == [(541_909 - 5_268, 25_900, 4_372)]


def test_net_revenue_is_the_same_in_every_mart(online_retail_project: Path) -> None:
    marts = ["sales_daily", "sales_weekly", "sales_monthly", "country_kpis", "fct_orders"]
    sums = {
        mart: duckdb.sql(
            f"select sum(net_revenue) from {mart_query(online_retail_project, mart)}"
        ).fetchall()[0][0]
        for mart in marts
    }
    assert len(set(sums.values())) == 1, sums
    assert sums["fct_orders"] > Decimal(9_000_000)


def test_countries_that_are_no_iso_name_are_mapped(online_retail_project: Path) -> None:
    countries = mart_query(online_retail_project, "country_kpis")
    codes = {row[0] for row in duckdb.sql(f"select country_code from {countries}").fetchall()}
    assert {"GB", "IE", "US", "ZA", "JE", "ZZ"} <= codes


def test_two_loads_give_the_marts_of_one(
    online_retail_project: Path, loaded_in_two_runs: Path
) -> None:
    marts = mart_names(online_retail_project)
    assert len(marts) >= 14
    for model in sorted(set(marts) - OF_THE_LOAD):
        one, two = mart_query(online_retail_project, model), mart_query(loaded_in_two_runs, model)
        differing = duckdb.sql(
            f"select count(*) from ((from {one} except all from {two}) "
            f"union all (from {two} except all from {one}))"
        ).fetchall()[0][0]
        assert differing == 0, f"{model} differs in {differing} rows"

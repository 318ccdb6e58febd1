"""Real sales in pounds, reported in euros at the European Central Bank's real rates, computed twice.

Online Retail's days from Friday 3 to Tuesday 7 December 2010, with the Sunday between, on which
there is no rate.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import shutil
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from ingest.dbt_sources import source_properties
from ingest.declaration.sources_file import load_sources_file
from tests.conftest import Till, copy_project
from tests.pipeline.independent_figures import line_status, net_amount
from tests.pipeline.lake_project import LakeProject
from tests.pipeline.test_figures_online_retail import ARTICLE, POSTAGE

FIRST, LAST = dt.date(2010, 12, 3), dt.date(2010, 12, 7)

RATES_SOURCE = """
  - name: ecb
    kind: csv
    freshness_days: null
    tables:
      - name: rates
        path: ecb.csv
        columns:
          - {name: rate_date, header: Date, type: date}
          - {name: pounds_per_euro, header: GBP, type: "decimal(18,6)"}
"""

RATES_MODEL = """
select
    rate_date,
    'GBP' as currency,
    'EUR' as reporting_currency,
    1 / cast(pounds_per_euro as decimal(18, 6)) as exchange_rate
from {{ source('ecb', 'rates') }}
"""


@pytest.fixture(scope="module")
def pounds_per_euro(test_data: Path) -> dict[dt.date, Decimal]:
    """The bank's own figures for the days around."""
    with (test_data / "ecb_fx/eurofxref-hist.csv").open(newline="") as text:
        return {
            day: Decimal(row["GBP"])
            for row in csv.DictReader(text)
            if FIRST - dt.timedelta(7) <= (day := dt.date.fromisoformat(row["Date"])) <= LAST
        }


def declare(folder: Path) -> None:
    """Declare the rates beside the shop, as `till add-source` would."""
    example = (folder / "examples/online_retail/sources.yml").read_text()
    (folder / "sources.yml").write_text(example + RATES_SOURCE)
    environ = {"ONLINE_RETAIL_DIR": "sold"}
    sources = load_sources_file(folder / "sources.yml", environ).sources
    staging = folder / "models/staging/ecb"
    staging.mkdir()
    (staging / "_ecb__sources.yml").write_text(source_properties(sources[-1]))
    (staging / "stg_ecb__rates.sql").write_text(RATES_MODEL)
    project = (folder / "dbt_project.yml").read_text()
    known = "      webshop: [stg_webshop__exchange_rates]\n"
    assert known in project
    (folder / "dbt_project.yml").write_text(
        project.replace(known, f"{known}      ecb: [stg_ecb__rates]\n")
    )


def in_euros(sold: list[Path], pounds_per_euro: dict[dt.date, Decimal]) -> dict[dt.date, Decimal]:
    """Net revenue per day: every line once, at the rate of its day or of the last day before."""
    rows: set[tuple[str, ...]] = set()
    for file in sold:
        with file.open(newline="", encoding="utf-8") as text:
            rows.update(tuple(row) for row in list(csv.reader(text))[1:])
    days: dict[dt.date, Decimal] = {}
    for invoice, stock_code, _, quantity, moment, unit_price, _, _ in rows:
        article = stock_code.strip()
        status = line_status(invoice.startswith("C"), Decimal(quantity), Decimal(unit_price))
        if status == "void" or not (ARTICLE.match(article) or article in POSTAGE):
            continue
        day = dt.date.fromisoformat(moment[:10])
        rate = 1 / pounds_per_euro[max(known for known in pounds_per_euro if known <= day)]
        rate = rate.quantize(Decimal("0.00000001"), rounding=ROUND_HALF_UP)
        amount = net_amount(Decimal(quantity), Decimal(unit_price), rate=rate)
        days[day] = days.get(day, Decimal(0)) + amount
    return days


def test_revenue_in_euros_is_that_of_an_independent_sum(
    tmp_path: Path,
    online_retail_dir: Path,
    pounds_per_euro: dict[dt.date, Decimal],
    till: Till,
) -> None:
    folder = copy_project(tmp_path / "project")
    sold = [
        file
        for file in sorted(online_retail_dir.glob("*.csv"))
        if FIRST <= dt.date.fromisoformat(file.stem) <= LAST
    ]
    (folder / "sold").mkdir()
    for file in sold:
        shutil.copy(file, folder / "sold")
    rates = [f"{day},{rate}" for day, rate in pounds_per_euro.items()]
    (folder / "ecb.csv").write_text("\n".join(["Date,GBP", *rates, ""]))
    declare(folder)
    sources = ("--sources", "sources.yml")
    done = till(folder, "ingest", *sources, environ={"ONLINE_RETAIL_DIR": str(folder / "sold")})
    assert done.returncode == 0, done.stdout + done.stderr

    project = LakeProject(folder)
    variables = {
        "active_sources": ["online_retail", "ecb"],
        "reporting_currency": "EUR",
        "business_timezone": "Europe/London",
    }
    chosen = ("--select", "+sales_daily", "--exclude-resource-type", "test", "unit_test")
    project.succeed("build", *chosen, "--vars", json.dumps(variables))
    found = project.query(
        "select order_date, net_revenue from marts.sales_daily where orders > 0 order by 1"
    )
    assert dict(found) == in_euros(sold, pounds_per_euro)
    assert dt.date(2010, 12, 5) in dict(found), "no Sunday"

"""`till check` looks at every variable: what it says of a wrong one, and that it knows them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from configuration.yaml_file import read_yaml
from tests.conftest import ROOT
from till.project_variables import sources_variable_problems, variable_problems

OURS = (ROOT / "dbt_project.yml").read_text()


def said_of(tmp_path: Path, before: str, after: str) -> list[str]:
    """What is said of our dbt_project.yml after a slip; the place as line and column in it."""
    assert OURS.count(before) == 1
    path = tmp_path / "dbt_project.yml"
    path.write_text(OURS.replace(before, after))
    return [str(problem) for problem in variable_problems(read_yaml(path))]


def place_of(text: str) -> str:
    line = next(n for n, line in enumerate(OURS.splitlines(), 1) if text in line)
    return f"dbt_project.yml:{line}:3"


WRONG = [
    (
        "affinity_min_orders: 5",
        "affinity_min_orders: 0",
        "Write a whole number of orders from 1 on",
    ),
    (
        "affinity_min_orders: 5",
        "affinity_min_orders: five",
        "affinity_min_orders is 'five'. Write a",
    ),
    ("affinity_min_orders: 5", "affinity_min_orders: 2.5", "affinity_min_orders is 2.5"),
    ("affinity_min_orders: 5", "affinity_min_orders: true", "affinity_min_orders is True"),
    (
        "affinity_max_products: 500",
        "affinity_max_products: 65536",
        "a whole number from 1 to 65535",
    ),
    ("affinity_max_products: 500", "affinity_max_products:", "affinity_max_products is null"),
    ("inactive_after_days: 90", "inactive_after_days: -1", "a whole number of days, such as 90"),
    ("inactive_after_days: 90", "inactive_after_days: [90]", "is no single value"),
    ("reporting_currency: EUR", "reporting_currency: eur", "three capital letters, such as EUR"),
    ("business_timezone: Europe/Madrid", "business_timezone: Madrid", "the name of a time zone"),
    ("as_of_date: null", "as_of_date: 2023-02-29", "as_of_date is '2023-02-29'. Write a day"),
    ("as_of_date: null", "as_of_date: 20230228", "as_of_date is 20230228. Write a day"),
    (
        "first_day_of_week: Monday",
        "first_day_of_week: Sunday",
        "Write Monday: weeks are those of ISO",
    ),
    (
        "business_country_code: ES",
        "business_country_code: Spain",
        "two capital letters, such as ES",
    ),
    (
        'earliest_plausible_date: "1990-01-01"',
        "earliest_plausible_date: 1990",
        "such as 1990-01-01",
    ),
]


@pytest.mark.parametrize(("before", "after", "says"), WRONG)
def test_a_wrong_value_is_told_with_its_place_and_what_to_write(
    tmp_path: Path, before: str, after: str, says: str
) -> None:
    (line,) = said_of(tmp_path, before, after)
    assert line.startswith(f"{place_of(before)}: {before.split(':', maxsplit=1)[0]} is ")
    assert says in line


def test_a_variable_that_is_gone_is_missed(tmp_path: Path) -> None:
    (line,) = said_of(tmp_path, "inactive_after_days: 90", "inactive_after: 90")
    assert line == (
        "dbt_project.yml: 'vars.inactive_after_days' is missing. "
        "Write there a whole number of days, such as 90."
    )


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            "[shop, webshop]",
            "shop",
            "vars.active_sources: Input should be a valid list (got 'shop')",
        ),
        ("tables_not_read: []", "tables_not_read: [vouchers]", "vars.tables_not_read[0]: "),
        (
            "    order_lines:\n",
            "    orderlines:\n",
            "'orderlines' is not known. Did you mean 'order_lines'?",
        ),
        ("[stg_webshop__events]", "stg_webshop__events", "vars.conforming_models.events.webshop: "),
        (
            "webshop: {events: \"'webshop:' || trim(event_id)\"}",
            "webshop: events",
            "event_key_of_raw_rows",
        ),
    ],
)
def test_a_list_of_sources_models_or_tables_is_looked_at(
    tmp_path: Path, before: str, after: str, says: str
) -> None:
    (line,) = said_of(tmp_path, before, after)
    assert re.match(r"dbt_project\.yml:\d+:\d+: ", line)
    assert says in line


def test_without_variables_it_says_so(tmp_path: Path) -> None:
    assert said_of(tmp_path, "\nvars:\n", "\nmy_vars:\n") == [
        "dbt_project.yml:1:1: 'vars' is missing. Add it."
    ]


def test_the_variables_of_a_sources_file_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "sources.yml"
    path.write_text(
        "version: 1\nvars:\n  reporting_curency: GBP\n  business_timezone: London\n  as_of_date: 2024-02-29\n"
        "  active_sources: shop\n  colour_of_the_shop: 3\nsources: []\n"
    )
    variables = [*read_yaml(ROOT / "dbt_project.yml")["vars"], "colour_of_the_shop"]
    told = [
        str(each) for each in sources_variable_problems(read_yaml(path), "sources.yml", variables)
    ]
    assert told[0] == (
        "sources.yml:3:3: nothing reads a variable 'reporting_curency'. Did you mean 'reporting_currency'?"
    )
    assert told[1].startswith(
        "sources.yml:4:3: business_timezone is 'London'. Write the name of a time zone"
    )
    assert told[2].startswith("sources.yml:6:3: nothing reads a variable 'active_sources'.")
    assert len(told) == 3


def test_every_variable_of_the_project_is_looked_at(tmp_path: Path) -> None:
    """One that nobody checks is added here with its rule: each is set to what none may be."""
    document = read_yaml(ROOT / "dbt_project.yml")
    assert variable_problems(document) == []
    for name in document["vars"]:
        document = read_yaml(ROOT / "dbt_project.yml")
        document["vars"][name] = {"a wrong": ["value"]}
        problems = variable_problems(document)
        assert problems
        assert all(name in str(problem) for problem in problems)

"""docs/portability.md names every file that writes what other engines lack, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIST = (ROOT / "docs" / "portability.md").read_text()

# First cell of a row of the list -> what it looks like in SQL.
CONSTRUCTS = {
    "`date - date`": r"\b(\w*date|\w*_day|\w*(week|month|period)_start)\s+-\s+[\w(]",
    "`date + 1`, `interval`": r"\b(\w*date|\w*_day|\w*(week|month|period)_start)\s+\+\s+\w|\binterval\b",
    "`date_trunc`": r"(?<!dbt\.)\bdate_trunc\(",
    "`last_day`": r"(?<!dbt\.)\blast_day\(",
    "`arg_max`": r"\b(arg_max|arg_min|argmax|argmin|min_by)\(",
    "`to_json`": r"\b(to_json|json_\w+|row_to_json)\(",
    "`generate_series`, `unnest`": r"\b(generate_series|unnest|range)\(",
    "`strptime`": r"\b(try_)?strptime\(",
    "`at time zone`": r"\bat time zone\b|\btimezone\(",
    "`try_cast`": r"\btry_cast\(",
    "`qualify`": r"\bqualify\b",
    "`anti join`, `semi join`": r"\b(anti|semi) join\b",
    "`* replace`, `* exclude`": r"\*\s*(replace|exclude|rename)\b|\bcolumns\(",
    "`union all by name`": r"\bunion( all)? by name\b",
    "`strftime`": r"\b(strftime|monthname|dayname)\(",
    "`extract(isoyear)`, `extract(isodow)`": r"\biso(year|dow)\b|\bweekofyear\(|\byearweek\(",
    "`regexp_matches`, `regexp_replace`": r"\bregexp_\w+\(|\bsimilar to\b",
    "`not materialized`": r"\b(not )?materialized \(",
    "`bit_or`, `<<`, `>>`": r"\bbit_(or|and)\(|<<|>>",
    "`epoch_us`": r"\bepoch\w*\(|\bdate_(diff|part|sub|add)\(",
    "`bool_or`": r"(?<!dbt\.)\bbool_(or|and)\(",
    "`concat_ws`": r"\bconcat_ws\(",
    "`values` as a table": r"^\s*values\b",
    "`row` as a value": r"\brow\(",
    "`asof join`": r"\basof\b",
    "`median`, `quantile`": r"\b(median|mad|mode|quantile\w*|approx_\w+|histogram)\(",
    "`fsum`, `kahan_sum`": r"\b(fsum|kahan_sum|sumkahan|favg)\(",
    "lists, structs, lambdas": r"\b(list|array_agg|list_\w+|array_\w+|struct_pack|lambda)\(|->",
    "`group by all`, `distinct on`, `pivot`": r"\b(group|order) by all\b|\bdistinct on\b|\bpivot\b",
    "`::` casts": r"::",
}
# Replaced whole on another engine ("DuckDB's own layer").
OWN_LAYER = {
    "raw_places",
    "raw_views",
    "raw_casts",
    "raw_changes",
    "deduplicated_view",
    "figures_by_file",
    "accounted_loads",
    "generic_tests",
    "rejected_rows",
    "lake",
    "unit_test_rows",
}


def sql_files() -> dict[str, str]:
    """Models, questions and the macros that they call, without comments, by name."""
    paths = [
        *(ROOT / "models").rglob("*.sql"),
        *(ROOT / "analyses").glob("*.sql"),
        *(path for path in (ROOT / "macros").glob("*.sql") if path.stem not in OWN_LAYER),
        *(ROOT / "macros" / "portable").glob("*.sql"),
    ]
    return {path.stem: without_comments(path.read_text()) for path in paths}


def without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*", "", re.sub(r"{#.*?#}", "", sql, flags=re.DOTALL))


def files_named(construct: str) -> set[str]:
    """The names in the second cell of the construct's row."""
    (row,) = re.findall(rf"^\| {re.escape(construct)} \| ([^|]*) \|", LIST, flags=re.MULTILINE)
    return set() if row == "nowhere" else set(re.findall(r"`(\w+)`", row))


SQL = sql_files()


@pytest.mark.parametrize(("construct", "pattern"), CONSTRUCTS.items(), ids=CONSTRUCTS.keys())
def test_the_list_names_the_files_that_write_it(construct: str, pattern: str) -> None:
    looked_for = re.compile(pattern, flags=re.IGNORECASE | re.MULTILINE)
    found = {name for name, sql in SQL.items() if looked_for.search(sql)}
    named = files_named(construct)
    assert found == named, (
        f"{construct}: docs/portability.md lacks {sorted(found - named)} and names in vain"
        f" {sorted(named - found)}. Call the macro that the list names, or name the file there."
    )


def test_every_row_of_the_list_is_looked_for() -> None:
    tables = LIST.split("## Through a macro")[1].split("## Everywhere")[0]
    rows = re.findall(r"^\| ([^|]+) \|", tables, flags=re.MULTILINE)
    assert [row for row in rows if row not in {*CONSTRUCTS, "construct"}] == []


def test_the_own_layer_is_named_in_the_list() -> None:
    layer = LIST.split("## DuckDB's own layer")[1]
    assert [name for name in OWN_LAYER if f"{name}.sql" not in layer] == []


@pytest.mark.parametrize(
    ("construct", "sql"),
    [
        ("`date - date`", "select span.as_of_date - last_order_date"),
        ("`date + 1`, `interval`", "select week_start + 6"),
        ("`date_trunc`", "select date_trunc('month', order_date)"),
        ("`qualify`", "qualify row_number() over () = 1"),
        ("`::` casts", "select a::date"),
        ("lists, structs, lambdas", "select list_transform(a, x -> x + 1)"),
    ],
)
def test_the_scan_sees_what_it_is_for(construct: str, sql: str) -> None:
    assert re.search(CONSTRUCTS[construct], sql, flags=re.IGNORECASE | re.MULTILINE)


def test_the_scan_lets_macros_and_comments_pass() -> None:
    sql = without_comments("-- last_day(x)\nselect {{ dbt.last_day('d', 'month') }} {# a::b #}")
    assert [name for name, pattern in CONSTRUCTS.items() if re.search(pattern, sql)] == []

"""The forms of macros/portable for DuckDB and for PostgreSQL give the same answers, each on a real engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import duckdb
import pytest
from jinja2 import Environment

from tests.conftest import ROOT
from tests.pipeline.postgres_server import PostgresServer

PORTABLE = ROOT / "macros" / "portable"
NAMES = (
    "(values ('a', 'old', 1), ('a', 'tie', 2), ('a', 'won', 2), ('a', null, 3), ('b', 'one', 1),"
    " ('c', null, 1)) as names (thing, name, said)"
)


def form(engine: str, macro: str, *arguments: Any, file: str = "") -> str:
    """The SQL of a macro's form for the engine, as dbt's dispatch would choose it."""
    source = (PORTABLE / f"{file or macro}.sql").read_text()
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701 - SQL, not HTML
    module: Any = environment.from_string(source).module
    chosen = getattr(module, f"{engine}__{macro}", None) or getattr(module, f"default__{macro}")
    return str(chosen(*arguments)).strip()


def answers(engine: str, query: str, postgres: PostgresServer) -> list[tuple[Any, ...]]:
    if engine == "duckdb":
        return duckdb.sql(query).fetchall()
    return [tuple(row) for row in postgres.rows(query)]


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_the_newest_value_is_told_by_content_where_dates_tie(
    engine: str, postgres: PostgresServer
) -> None:
    newest = form(engine, "max_by", "name", ["said", "name"], "name is not null")
    query = f"select thing, {newest} as name from {NAMES} group by thing order by thing"
    assert answers(engine, query, postgres) == [("a", "won"), ("b", "one"), ("c", None)]


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_a_row_as_json_has_every_column(engine: str, postgres: PostgresServer) -> None:
    as_json = form(engine, "row_as_json", "numbers")
    query = f"select {as_json} from (select 1 as one, null as none, 'it''s' as text) as numbers"
    ((text,),) = answers(engine, query, postgres)
    assert text == '{"one":1,"none":null,"text":"it\'s"}'


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_each_day_is_a_row_across_29_february(engine: str, postgres: PostgresServer) -> None:
    days = form(engine, "each_day", "first_day", "last_day")
    spans = (
        "(values (1, date '2024-02-28', date '2024-03-01'), (2, date '2024-05-01', date '2024-05-01'),"
        " (3, date '2024-05-02', date '2024-05-01')) as spans (span, first_day, last_day)"
    )
    query = f"select span, {days} as date_day from {spans} order by 1, 2"
    assert answers(engine, query, postgres) == [
        (1, dt.date(2024, 2, 28)),
        (1, dt.date(2024, 2, 29)),
        (1, dt.date(2024, 3, 1)),
        (2, dt.date(2024, 5, 1)),
    ]


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_time_zones_agree_around_both_clock_changes(engine: str, postgres: PostgresServer) -> None:
    """The literals of tests/data/time_zones_of_literals.sql, the skipped and the repeated hour too."""
    pairs = [
        ("2024-01-05 15:07:00", "2024-01-05 14:07:00"),
        ("2024-03-31 01:59:59", "2024-03-31 00:59:59"),
        ("2024-03-31 02:30:00", "2024-03-31 01:30:00"),
        ("2024-03-31 03:00:00", "2024-03-31 01:00:00"),
        ("2024-10-27 01:59:59", "2024-10-26 23:59:59"),
        ("2024-10-27 02:30:00", "2024-10-27 01:30:00"),
        ("2024-10-27 03:00:00", "2024-10-27 02:00:00"),
    ]
    for local, utc in pairs:
        there = form(
            engine, "local_to_utc", f"timestamp '{local}'", "Europe/Madrid", file="time_zones"
        )
        assert answers(engine, f"select {there}", postgres) == [(dt.datetime.fromisoformat(utc),)]
    back = form(
        engine,
        "utc_to_local",
        "timestamp '2024-10-27 00:30:00'",
        "Europe/Madrid",
        file="time_zones",
    )
    assert answers(engine, f"select {back}", postgres) == [
        (dt.datetime.fromisoformat("2024-10-27 02:30:00"),)
    ]


def test_days_of_one_utc_offset_agree_with_unlike_zones() -> None:
    """The law that a build asks of its own zone, tests/data/days_of_one_utc_offset_agree_with_the_zone.sql."""
    zones = ["Europe/Madrid", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"]
    still_days = (PORTABLE / "time_zones.sql").read_text()
    law = (ROOT / "tests/data/days_of_one_utc_offset_agree_with_the_zone.sql").read_text()
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701 - SQL, not HTML
    environment.globals["adapter"] = DispatchToDuckDB()
    environment.globals["each_day"] = partial(form, "duckdb", "each_day")
    environment.globals["var"] = {"zones_of_still_days": zones, "business_timezone": zones[0]}.get
    query = environment.from_string(still_days + law).render()
    assert duckdb.sql(query).fetchall() == []
    assert all(f"'{zone}' as time_zone" in query for zone in zones)


class DispatchToDuckDB:
    """dbt's `adapter`, as the macros of time_zones.sql ask it."""

    def dispatch(self, macro: str) -> Callable[..., str]:
        return partial(form, "duckdb", macro, file="time_zones")


def test_every_macro_stops_on_an_engine_that_it_is_not_written_for() -> None:
    """Or its default is standard SQL, as with time zones: never DuckDB's form by accident."""
    for path in sorted(PORTABLE.glob("*.sql")):
        if path.stem in ("not_written_for_this_engine", "time_zones"):
            continue
        default = path.read_text().split(f"default__{path.stem}")[1]
        assert f"not_written_for_this_engine('{path.stem}')" in default, path.name

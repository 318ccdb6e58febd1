"""What an incremental mart cannot pin to single rows makes it build everything, and say why."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.pipeline.order_history import INCREMENTAL_LINES, LINES, OrderHistory

WHOLE_VIEW = {"materialized": "view", "schema": "intermediate"}


def change_the_view_in_between(shop: OrderHistory) -> None:
    shop.project.model("order_lines_whole", LINES.replace("'ZZ'", "'XX'"), **WHOLE_VIEW)


def change_a_variable_in_a_view(shop: OrderHistory) -> None:
    sql = LINES.replace("'ZZ'", '\'{{ var("nowhere", "ZZ") }}\'')
    shop.project.model("order_lines_whole", sql, **WHOLE_VIEW)
    assert shop.build("--vars", "nowhere: ZZ").message("order_lines").startswith("nothing new")


def change_a_seed(shop: OrderHistory) -> None:
    shop.project.write("seeds/grades.csv", "line_no,grade\n1,FIRST\n2,second\n")


def change_the_model(shop: OrderHistory) -> None:
    shop.project.model(
        "order_lines",
        "select * from {{ ref('order_lines_whole') }} where true",
        partition_by="month",
        incremental=INCREMENTAL_LINES,
    )


def change_the_contract(shop: OrderHistory) -> None:
    """A promise that the kept files were never held to."""
    shop.promise({"type": "check", "expression": "amount > 0"})


def lose_a_file(shop: OrderHistory) -> None:
    name = shop.files()["2026-01"][0]
    shop.project.lake_path(f"marts/order_lines/month=2026-01-01/{name}").unlink()


def lose_what_was_looked_up(shop: OrderHistory) -> None:
    (path,) = shop.project.lake_path("marts/_state/order_lines").glob("rates_*.parquet")
    path.unlink()


def lose_the_record_of_the_build(shop: OrderHistory) -> None:
    shop.project.lake_path("marts/_state/order_lines.json").unlink()


def cut_the_record_of_the_build(shop: OrderHistory) -> None:
    path = shop.project.lake_path("marts/_state/order_lines.json")
    path.write_text(path.read_text()[:100])


def take_back_a_load(shop: OrderHistory) -> None:
    shop.load("lines", {"x.csv": ["'X', 1, date '2026-01-09', 'ann', 'EUR', 1"]})
    shop.build()
    (path,) = shop.project.lake_path("raw/_manifest").glob(f"{shop.known['lines/x.csv']}.*")
    path.unlink()


def change_a_committed_load(shop: OrderHistory) -> None:
    (path,) = shop.project.lake_path("raw/_manifest").glob("*.shop.lines.json")
    records = json.loads(path.read_text())
    records[0]["inputs"][0]["path"] = "other.csv"
    path.write_text(json.dumps(records))


def load_a_table_that_names_no_order(shop: OrderHistory) -> None:
    """`returns` is read by the model, but nothing says to which order a row of it belongs."""
    incremental = {**INCREMENTAL_LINES, "rows": {}}
    sql = "select * from {{ ref('order_lines_whole') }}"
    shop.project.model("order_lines", sql, partition_by="month", incremental=incremental)
    shop.build()
    shop.load("lines", {"x.csv": ["'X', 1, date '2026-01-09', 'ann', 'EUR', 1"]})


def declare_another_type(shop: OrderHistory) -> None:
    path = shop.project.folder / "models/_shop__sources.yml"
    document = json.loads(path.read_text())
    columns = document["sources"][0]["tables"][0]["columns"]
    next(each for each in columns if each["name"] == "line_no")["data_type"] = "bigint"
    path.write_text(json.dumps(document))


CHANGES: list[tuple[Callable[[OrderHistory], None], list[str], str]] = [
    (change_the_view_in_between, [], "order_lines_whole changed"),
    (change_a_variable_in_a_view, ["--vars", "nowhere: YY"], "order_lines_whole changed"),
    (change_a_seed, [], "grades changed"),
    (change_the_model, [], "the model's SQL, columns, constraints or config changed"),
    (change_the_contract, [], "the model's SQL, columns, constraints or config changed"),
    (lose_a_file, [], "is missing or was changed"),
    (lose_what_was_looked_up, [], "is missing or was changed"),
    (lose_the_record_of_the_build, [], "there is no record of a build to go on from"),
    (cut_the_record_of_the_build, [], "there is no record of a build to go on from"),
    (take_back_a_load, [], "loads of shop.lines that it was built from changed or are gone"),
    (change_a_committed_load, [], "loads of shop.lines that it was built from changed or are gone"),
    (load_a_table_that_names_no_order, [], "nothing says which rows they touch"),
    (declare_another_type, [], "changed"),
    (lambda shop: None, ["--full-refresh"], "a full refresh was asked for"),
]


@pytest.mark.parametrize(
    ("change", "arguments", "reason"),
    CHANGES,
    ids=[change[0].__name__.replace("<lambda>", "full_refresh") for change in CHANGES],
)
def test_this_builds_everything_and_says_so(
    shop: OrderHistory,
    change: Callable[[OrderHistory], None],
    arguments: list[str],
    reason: str,
) -> None:
    change(shop)
    before = shop.files()
    build = shop.build(*arguments)
    message = build.message("order_lines")
    assert "built whole" in message
    assert reason in message
    assert shop.rewritten(before) == {*before, *shop.files()}
    assert shop.differences() == 0


def test_a_key_that_a_kept_month_has_already_is_refused(shop: OrderHistory) -> None:
    shop.promise({"type": "unique", "columns": ["customer", "amount"]})
    shop.build()
    before = shop.files()
    shop.load("lines", {"apr.csv": ["'E', 1, date '2026-04-02', 'ann', 'EUR', 10"]})
    build = shop.project.dbt("build")
    assert "the key (customer, amount) must be unique" in build.message("order_lines")
    assert "for example: ann, 10.0000" in build.message("order_lines")
    assert shop.files() == before
    shop.load(
        "lines",
        {"apr.csv": ["'E', 1, date '2026-04-02', 'ann', 'EUR', 11"]},
        replaces=["apr.csv"],
    )
    shop.build()
    assert shop.rewritten(before) == {"2026-04"}


def test_an_incremental_config_with_a_mistake_is_refused(shop: OrderHistory) -> None:
    sql = "select * from {{ ref('order_lines_whole') }}"
    before = shop.files()
    for incremental, sentence in [
        ({"unit": "order"}, "the mart has no column 'order'"),
        (
            {"unit": "order_key", "lookup": {}},
            "'lookup' is none of unit, rows, lookups, follows, onwards, after, is_sparse",
        ),
        (
            {"unit": "order_key", "lookups": {"prices": {"keys": ["day"]}}},
            "the model reads no 'prices'",
        ),
        ({"after": []}, "it names the unit whose rows belong together, or the mart it follows"),
        (
            {"follows": "orders", "unit": "order_key", "onwards": True},
            "takes nothing but 'after' beside them",
        ),
        ({"follows": "orders"}, "the model reads no 'orders'"),
    ]:
        shop.project.model("order_lines", sql, partition_by="month", incremental=incremental)
        build = shop.project.dbt("build", "--select", "order_lines")
        assert sentence in build.message("order_lines")
    assert shop.files() == before


def test_a_mart_without_partitions_cannot_follow_another(shop: OrderHistory) -> None:
    sql = "select * from {{ ref('order_lines') }}"
    shop.project.model("orders", sql, incremental={"follows": "order_lines"})
    build = shop.project.dbt("build", "--select", "orders")
    assert "needs partition_by" in build.message("orders")


def test_a_lookup_on_the_rows_of_the_mart_itself_is_refused(shop: OrderHistory) -> None:
    """While the rows of some orders are computed, such a view would show nothing else."""
    view = {"materialized": "view", "schema": "intermediate"}
    newest = "select customer, any_value(currency) as country from {{ source('shop', 'lines') }} group by 1"
    shop.project.model("customers", newest, **view)
    build = shop.project.dbt("build", "--select", "customers", "order_lines")
    message = build.message("order_lines")
    assert "the lookup customers is a view on shop.lines" in message
    shop.project.model("customers", newest, materialized="table", schema="intermediate")
    shop.build("--select", "customers", "order_lines")


def test_a_unit_that_is_not_written_as_in_the_mart_is_refused(shop: OrderHistory) -> None:
    """`B` and ` B` are one order in the mart, and would be two for whoever looks for what changed."""
    incremental = {**INCREMENTAL_LINES, "rows": {"shop": {"lines": "'shop:' || order_no"}}}
    sql = "select * from {{ ref('order_lines_whole') }}"
    shop.project.model("order_lines", sql, partition_by="month", incremental=incremental)
    shop.build()
    shop.load("lines", {"apr.csv": ["' B', 7, date '2026-04-02', 'ann', 'EUR', 60"]})
    build = shop.project.dbt("build", "--select", "order_lines")
    assert "gives \"order_key\" 'shop:B' for raw rows of another one" in build.message(
        "order_lines"
    )
    shop.build("--full-refresh")
    assert shop.differences() == 0

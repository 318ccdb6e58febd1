"""From the change log to the current table and its history, with dbt, over a lake that was really loaded."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from ingest.dbt_sources import source_properties
from tests.pipeline.lake_project import REPOSITORY, LakeProject
from tests.pipeline.postgres_cdc_server import LONG, CdcLake, shop

__all__ = ["shop"]

GUIDE = (REPOSITORY / "docs" / "reference" / "kinds-of-sources.md").read_text(encoding="utf-8")
SECTION = GUIDE.partition("## PostgreSQL, change by change\n")[2].partition("\n## ")[0]
SOURCE, STAGING, SNAPSHOT = (
    text.partition("\n")[2].replace("erp", "shop") for text in SECTION.split("```")[1::2]
)
COLUMNS = "['order_id', 'status', 'amount', 'note', 'paid']"


@pytest.fixture
def project(shop: CdcLake) -> LakeProject:
    """The guide's source, staging model and snapshot beside the shop's lake; and a history."""
    (source,) = YAML(typ="safe").load(SOURCE)
    assert source["connection"] == "${ERP_DATABASE_URL}"
    shop.declare(*source["tables"])
    project = LakeProject(shop.folder / "project", lake="../lake")
    (declared,) = shop.sources().sources
    project.write("models/_shop__sources.yml", source_properties(declared))
    project.model("stg_shop__orders", STAGING, materialized="view")
    project.write("snapshots/shop_orders.sql", SNAPSHOT)
    history = f"{{{{ row_history(source('shop', 'orders'), ['order_id'], {COLUMNS}) }}}}"
    project.model("orders_history", history, materialized="view")
    return project


def staged(shop: CdcLake, project: LakeProject) -> list[Any]:
    """The current orders as dbt gives them, as `in_database` gives those of the database."""
    shop.load()
    project.succeed("run", "--select", "stg_shop__orders")
    return project.query(
        "select order_id, status, amount::varchar, note, paid from marts.stg_shop__orders order by 1"
    )


def test_the_current_table_is_that_of_the_database(shop: CdcLake, project: LakeProject) -> None:
    shop.run(
        f"insert into orders select n, 'new', n, '{LONG}' || n, true from generate_series(1, 9) n"
    )
    assert staged(shop, project) == shop.in_database()
    project.succeed("snapshot")
    shop.run(
        "update orders set status = 'paid' where order_id <= 3",  # the note is not sent
        "update orders set order_id = order_id + 20 where order_id in (3, 4)",  # nor here
        "update orders set order_id = order_id + 20 where order_id = 23",  # nor here, twice removed
        "delete from orders where order_id = 5",
        "insert into orders values (5, 'again', 5, 'short', null)",
        "update orders set note = null where order_id = 6",
        "update orders set status = 'sent' where order_id in (2, 6, 24)",
        "begin",
        "delete from orders where order_id = 7",
        "insert into orders values (7, 'a', 7, 'b', false)",
        "update orders set paid = true where order_id = 7",
        "commit",
    )
    assert staged(shop, project) == shop.in_database()
    assert shop.same()
    project.succeed("snapshot")
    kept = "select status from snapshots.shop_orders where order_id = 1 order by dbt_valid_from"
    assert project.query(kept) == [("new",), ("paid",)]


def test_the_history_has_each_version_once(shop: CdcLake, project: LakeProject) -> None:
    shop.run(f"insert into orders values (1, 'new', 1, '{LONG}', true), (2, 'new', 1, 'x', true)")
    shop.load()
    shop.run(
        "update orders set status = 'paid' where order_id = 1",
        "begin",
        "update orders set status = 'unseen' where order_id = 1",
        "update orders set status = 'sent' where order_id = 1",
        "commit",
        "delete from orders where order_id = 2",
        "insert into orders values (2, 'back', 1, 'y', true)",
        "truncate orders",
        "insert into orders values (2, 'last', 1, 'z', true)",
    )
    shop.load()
    project.succeed("run", "--select", "orders_history")
    found = project.query(
        "select order_id, status, length(note), valid_to is null, valid_from <= valid_to, "
        "valid_to = lead(valid_from) over (partition by order_id order by _lsn) "
        "from marts.orders_history order by order_id, _lsn"
    )
    long = len(LONG)
    assert found == [
        (1, "new", long, False, True, True),
        (1, "paid", long, False, True, True),
        (1, "sent", long, False, True, None),
        (2, "new", 1, False, True, False),  # it was gone for a while
        (2, "back", 1, False, True, False),
        (2, "last", 1, True, None, None),
    ]

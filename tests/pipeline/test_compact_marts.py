"""Marts and views after a compaction: the same rows, nothing rewritten, nobody disturbed."""

from __future__ import annotations

from typing import Any

from tests.pipeline.order_history import OrderHistory
from tests.pipeline.test_compact import AT_ONCE, put_together


def orders(shop: OrderHistory) -> list[tuple[Any, ...]]:
    return shop.project.query(
        "select order_no, line_no, amount::varchar, _file, _load_id, _loaded_at::varchar "
        "from raw_shop.lines order by all"
    )


def history(shop: OrderHistory) -> None:
    """More loads: a file delivered anew without a line, a new one, and one with other columns' types."""
    shop.load(
        "lines", {"feb.csv": ["'B', 1, date '2026-02-10', 'bob', 'USD', 21"]}, replaces=["feb.csv"]
    )
    shop.load("lines", {"apr.csv": ["'E', 1, date '2026-04-01', 'ann', 'EUR', 60"]})
    shop.load("lines", {"may.csv": ["'F', 1, date '2026-05-01', 'ann', 'EUR', 70"]})


def test_marts_go_on_from_where_they_were_when_their_raw_files_were_put_together(
    shop: OrderHistory,
) -> None:
    """Loads that a mart has and loads that it has not come to stand in one file."""
    history(shop)
    before = shop.files()
    seen = orders(shop)
    lake = shop.project.lake_path()
    assert put_together(lake)
    assert orders(shop) == seen, "a reader with the views of before"
    build = shop.build()
    assert "built whole" not in build.nodes["order_lines"].message
    assert shop.differences() == 0
    # C reached into March; it is gone with the new file.
    assert shop.rewritten(before) == {"2026-02", "2026-03", "2026-04", "2026-05"}
    put_together(lake, AT_ONCE)
    now, marts = orders(shop), shop.files()
    build = shop.build()
    assert "built whole" not in build.nodes["order_lines"].message
    assert shop.rewritten(marts) == set()
    assert orders(shop) == now
    shop.load(
        "lines", {"jan.csv": ["'A', 1, date '2026-01-05', 'ann', 'EUR', 11"]}, replaces=["jan.csv"]
    )
    shop.build()
    assert shop.rewritten(marts) == {"2026-01"}
    assert shop.differences() == 0


def test_compacted_rows_of_a_lost_load_record_stop_the_build(shop: OrderHistory) -> None:
    history(shop)
    put_together(shop.project.lake_path())
    records = sorted(shop.project.lake_path("raw/_manifest").glob("*.lines.json"))
    records[-1].unlink()
    failed = shop.project.dbt("build")
    assert not failed.succeeded
    assert "has rows of a load without a record" in failed.error + str(failed.nodes)

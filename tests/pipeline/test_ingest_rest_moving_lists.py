"""A list that changes while its pages are read: no record that was there all the time is missed in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from configuration.errors import PlainError
from tests.pipeline.paged_api import PagedList, Records, ids_of, numbered
from tests.pipeline.rest_lake import RestLake, order, orders_table
from tests.pipeline.scripted_api import scripted_api

NUMBERS = {"type": "page_number"}
TOTAL = {"total_path": "meta.total"}
OFFSET = {"type": "offset", "limit": 3}
LINK = {"type": "link_header"}
NEXT = {"type": "next_url", "next_url_path": "next"}
ALL_WAYS = [NUMBERS, NUMBERS | TOTAL, OFFSET, OFFSET | {"overlap": False}, LINK, NEXT]


@pytest.fixture
def lake(tmp_path: Path) -> RestLake:
    return RestLake(tmp_path)


def read(served: PagedList, lake: RestLake, pagination: dict[str, Any], **table: Any) -> list[str]:
    with scripted_api(served.answer) as api:
        served.url = api.url
        lake.declare(api.url, orders_table(**table), pagination=pagination)
        return ids_of(lake, api)


def came_new(records: Records) -> None:
    records.insert(0, order(99))


def gone(place: int) -> Callable[[Records], object]:
    return lambda records: records.pop(place)


def to_the_end(records: Records) -> None:
    """What an update does to a list in the order of its changes."""
    records.append({**records.pop(0), "status": "shipped"})


def to_the_front(records: Records) -> None:
    """The same where the newest change comes first."""
    records.insert(0, {**records.pop(), "status": "shipped"})


@pytest.mark.parametrize("pagination", ALL_WAYS, ids=str)
def test_a_record_that_came_to_the_front_hides_none(
    lake: RestLake, pagination: dict[str, Any]
) -> None:
    served = PagedList(numbered(8), size=3, before={2: came_new})
    ids = read(served, lake, pagination)
    assert set(ids) == {f"A{number}" for number in range(1, 9)} | {"A99"}
    assert lake.said == []  # it was read once


@pytest.mark.parametrize("pagination", ALL_WAYS, ids=str)
def test_a_record_of_the_first_page_that_went_makes_us_read_again(
    lake: RestLake, pagination: dict[str, Any]
) -> None:
    served = PagedList(numbered(8), size=3, before={2: gone(0)})
    assert read(served, lake, pagination) == [f"A{number}" for number in range(2, 9)]
    assert "the list moved" in lake.said[0]


@pytest.mark.parametrize("pagination", ALL_WAYS, ids=str)
@pytest.mark.parametrize("change", [to_the_end, to_the_front])
def test_a_record_that_changed_its_place_is_not_missed(
    lake: RestLake, pagination: dict[str, Any], change: Callable[[Records], None]
) -> None:
    served = PagedList(numbered(8), size=3, before={2: change})
    assert set(read(served, lake, pagination)) == {f"A{number}" for number in range(1, 9)}


@pytest.mark.parametrize(
    "pagination",
    [
        NUMBERS | TOTAL,
        OFFSET,
        LINK | TOTAL,
        NUMBERS | {"read_twice": True},
        NEXT | {"read_twice": True},
    ],
    ids=str,
)
def test_a_record_that_went_behind_the_first_page_makes_us_read_again(
    lake: RestLake, pagination: dict[str, Any]
) -> None:
    served = PagedList(numbered(11), size=3, before={3: gone(4)})  # when two pages have been read
    assert read(served, lake, pagination) == sorted(
        f"A{number}" for number in range(1, 12) if number != 5
    )
    assert "the list moved" in lake.said[0]


def test_one_that_went_and_one_that_came_at_once_are_seen_by_the_keys(lake: RestLake) -> None:
    """The total is right and as many records came, but one of them came twice."""

    def change(records: Records) -> None:
        records.append({**records.pop(4), "status": "shipped"})

    served = PagedList(numbered(11), size=3, before={3: change})
    ids = read(served, lake, NUMBERS | TOTAL)
    assert set(ids) == {f"A{number}" for number in range(1, 12)}
    assert "the API says 11 records, 10 different ones came" in lake.said[0]


@pytest.mark.parametrize("pagination", [OFFSET, NUMBERS, NUMBERS | {"read_twice": True}], ids=str)
def test_a_list_that_never_stands_still_is_refused(
    lake: RestLake, pagination: dict[str, Any]
) -> None:
    served = PagedList(numbered(40), size=3, before={n: gone(0) for n in range(2, 100)})
    with pytest.raises(PlainError, match="moved each time it was read") as refusal:
        read(served, lake, pagination)
    assert "so records may be missing" in str(refusal.value)
    assert served.answers < 60


def test_a_total_that_is_never_reached_is_refused(lake: RestLake) -> None:
    served = PagedList(numbered(5), size=3)
    for record in served.records[3:]:
        record["order_id"] = "A1"  # five records, three different ones
    with pytest.raises(PlainError, match="the API says 5 records, 3 different ones came"):
        read(served, lake, NUMBERS | TOTAL)


def test_records_without_a_key_are_counted_each(lake: RestLake) -> None:
    served = PagedList([order(1), order(2), order(1), order(1)], size=3)
    assert read(served, lake, OFFSET | TOTAL, key=None) == ["A1", "A1", "A1", "A2"]


def test_what_came_twice_is_kept_and_told(lake: RestLake) -> None:
    served = PagedList(numbered(4), size=2, before={2: came_new})
    with scripted_api(served.answer) as api:
        lake.declare(api.url, orders_table(), pagination=NUMBERS)
        assert lake.ingest_one().rows_loaded == 6
    assert "web.orders: 1 row came twice; staging keeps one of each key" in lake.said
    assert [row[0] for row in lake.rows()] == ["A1", "A2", "A2", "A3", "A4", "A99"]

"""Every way of dividing a list into pages: all of it comes, once; what has no end or leads astray is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configuration.errors import ConfigurationError, PlainError
from tests.pipeline.paged_api import PagedList, ids_of, numbered
from tests.pipeline.rest_lake import TOKEN, RestLake, order, orders_table
from tests.pipeline.scripted_api import Asked, Reply, as_json, scripted_api

TOTAL = {"total_path": "meta.total"}
NUMBERS = {"type": "page_number"}
OFFSET = {"type": "offset", "limit": 3}
LINK = {"type": "link_header"}
NEXT = {"type": "next_url", "next_url_path": "next"}
FIVE = ["A1", "A2", "A3", "A4", "A5"]


@pytest.fixture
def lake(tmp_path: Path) -> RestLake:
    return RestLake(tmp_path)


def asked_pages(served: PagedList, lake: RestLake, pagination: dict[str, Any]) -> tuple[Any, Any]:
    """The ids that came, and the parameters of each request."""
    with scripted_api(served.answer) as api:
        served.url = api.url
        lake.declare(api.url, orders_table(), pagination=pagination)
        return ids_of(lake, api), [dict(each) for each in api.asked_for("/orders")]


@pytest.mark.parametrize(
    "pagination",
    [NUMBERS, NUMBERS | TOTAL, OFFSET, OFFSET | TOTAL, OFFSET | {"overlap": False}, LINK, NEXT],
    ids=str,
)
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7])
def test_all_records_come_once(lake: RestLake, pagination: dict[str, Any], count: int) -> None:
    served = PagedList(numbered(count), size=3)
    ids, _ = asked_pages(served, lake, pagination)
    assert ids == [f"A{number}" for number in range(1, count + 1)]
    assert [line for line in lake.said if "moved" in line or "records" in line] == []


def test_pages_are_numbered_from_where_the_api_begins(lake: RestLake) -> None:
    numbers = {"type": "page_number", "page_param": "page", "first_page": 0}
    sized = numbers | {"size_param": "per_page", "size": 2}
    ids, asked = asked_pages(PagedList(numbered(3), first=0), lake, sized)
    assert ids == ["A1", "A2", "A3"]
    # 2 is empty, and so the end; then the beginning is looked at again
    assert [each["page"] for each in asked] == ["0", "1", "2", "0"]
    assert {each["per_page"] for each in asked} == {"2"}


def test_a_short_page_is_the_end_only_where_that_is_declared(lake: RestLake) -> None:
    sized = {"type": "page_number", "size_param": "limit", "size": 4}
    served = PagedList(numbered(5), size=2)  # an API that gives two at most, whatever is asked for
    assert asked_pages(served, lake, sized)[0] == FIVE
    served = PagedList(numbered(5), size=4)
    ids, asked = asked_pages(served, lake, sized | {"stop_at": "short_page"})
    assert ids == FIVE
    assert [each["page"] for each in asked] == ["1", "2", "1"]


def test_an_offset_goes_on_by_what_came_and_not_by_what_was_asked_for(lake: RestLake) -> None:
    served = PagedList(numbered(5), size=2)
    ids, asked = asked_pages(served, lake, {"type": "offset", "limit": 100})
    assert ids == FIVE
    assert [each["offset"] for each in asked] == ["0", "1", "2", "3", "4", "0"]


def test_the_total_saves_the_request_for_the_page_after_the_last(lake: RestLake) -> None:
    _, asked = asked_pages(PagedList(numbered(4)), lake, NUMBERS | TOTAL)
    assert [each["page"] for each in asked] == ["1", "2", "1"]


def test_a_total_that_is_not_there_is_told(lake: RestLake) -> None:
    with pytest.raises(PlainError, match=r"no number at 'meta\.sum'"):
        asked_pages(PagedList(numbered(4)), lake, NUMBERS | {"total_path": "meta.sum"})


@pytest.mark.parametrize("pagination", [NUMBERS, OFFSET, OFFSET | {"overlap": False}], ids=str)
def test_an_api_that_does_not_know_the_parameter_is_not_asked_for_ever(
    lake: RestLake, pagination: dict[str, Any]
) -> None:
    with scripted_api(lambda asked: as_json({"data": numbered(3)})) as api:
        lake.declare(api.url, orders_table(), pagination=pagination)
        with pytest.raises(PlainError, match="the API repeats a page: the same records came twice"):
            ids_of(lake, api)
        assert len(api.asked) == 2


@pytest.mark.parametrize("pagination", [NUMBERS, LINK, NEXT], ids=str)
def test_a_list_without_an_end_is_left_after_max_pages(
    lake: RestLake, pagination: dict[str, Any]
) -> None:
    def answer(asked: Asked) -> Reply:
        number = int(asked.parameters.get("page", 1))
        following = f"{api.url}/orders?page={number + 1}"
        document = {"data": [order(number)], "next": following}
        return as_json(document, Link=f'<{following}>; rel="next"')

    with scripted_api(answer) as api:
        lake.declare(api.url, orders_table(), pagination=pagination | {"max_pages": 7})
        with pytest.raises(PlainError, match="has not ended after 7 pages") as refusal:
            ids_of(lake, api)
        assert len(api.asked) == 7
    assert "raise max_pages" in str(refusal.value)


@pytest.mark.parametrize("pagination", [LINK, NEXT], ids=str)
def test_links_that_go_round_in_a_circle_are_left(
    lake: RestLake, pagination: dict[str, Any]
) -> None:
    def answer(asked: Asked) -> Reply:
        number = int(asked.parameters.get("page", 1))
        following = f"/orders?page={number % 3 + 1}"  # relative, as some are
        document = {"data": [order(len(api.asked))], "next": following}
        return as_json(document, Link=f'<{following}>; rel="next"')

    with scripted_api(answer) as api:
        lake.declare(api.url, orders_table(), pagination=pagination)
        with pytest.raises(PlainError, match="the same address came twice"):
            ids_of(lake, api)


# -- other hosts


@pytest.mark.parametrize("pagination", [LINK, NEXT], ids=str)
@pytest.mark.parametrize("way", ["link", "redirect"])
def test_no_token_goes_to_another_host(
    lake: RestLake, pagination: dict[str, Any], way: str
) -> None:
    with scripted_api(lambda asked: as_json({"data": []})) as stranger:

        def answer(asked: Asked) -> Reply:
            following = f"{stranger.url}/orders?page=2"
            if way == "redirect":
                return as_json({}, 302, Location=following)
            document = {"data": [order(1)], "next": following}
            return as_json(document, Link=f'<{following}>; rel="next"')

        with scripted_api(answer) as api:
            key = {"type": "api_key", "api_key": "${SHOP_TOKEN}"}
            lake.declare(api.url, orders_table(), pagination=pagination, auth=key)
            with pytest.raises(PlainError, match="which is not where base_url is") as refusal:
                ids_of(lake, api)
        assert "add the host to allowed_hosts" in str(refusal.value)
        assert stranger.asked == []


def test_a_host_that_is_allowed_is_asked_with_the_token(lake: RestLake) -> None:
    with scripted_api(lambda asked: as_json({"data": [order(2)]})) as other:
        first = {"data": [order(1)], "next": f"{other.url}/more"}
        with scripted_api(lambda asked: as_json(first)) as api:
            host = other.url.removeprefix("http://")
            lake.declare(api.url, orders_table(), pagination=NEXT, allowed_hosts=[host])
            assert ids_of(lake, api) == ["A1", "A2"]
        assert [each.authorization for each in other.asked] == [f"Bearer {TOKEN}"]


def test_a_redirect_on_the_same_host_is_followed(lake: RestLake) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/orders":
            return as_json({}, 301, Location="/v2/orders")
        return as_json({"data": [order(1)]}) if asked.authorization else as_json({}, 401)

    with scripted_api(answer) as api:
        lake.declare(api.url, orders_table(), pagination={"type": "none"})
        assert ids_of(lake, api) == ["A1"]


def test_a_page_after_the_last_that_is_not_found_says_what_to_declare(lake: RestLake) -> None:
    def answer(asked: Asked) -> Reply:
        gone = asked.parameters["page"] == "2"
        return as_json({}, 404) if gone else as_json({"data": [order(1)], "count": 1})

    with scripted_api(answer) as api:
        lake.declare(api.url, orders_table(), pagination=NUMBERS)
        with pytest.raises(PlainError, match="for a page after the first") as refusal:
            ids_of(lake, api)
        assert "give total_path" in str(refusal.value)
        lake.declare(api.url, orders_table(), pagination=NUMBERS | {"total_path": "count"})
        assert ids_of(lake, api) == ["A1"]


def test_a_table_may_be_divided_otherwise_than_its_source(lake: RestLake) -> None:
    served = PagedList(numbered(3))
    with scripted_api(served.answer) as api:
        lake.declare(api.url, orders_table(pagination=NUMBERS), pagination={"type": "none"})
        assert ids_of(lake, api) == ["A1", "A2", "A3"]


@pytest.mark.parametrize(
    ("pagination", "problem"),
    [
        ({"type": "page_number", "size": 5}, "size and size_param go together"),
        ({"type": "page_number", "stop_at": "short_page"}, "short_page needs size"),
        ({"type": "offset", "limit": 1}, "greater than or equal to 2"),
        ({"type": "page_number", "first_page": 2}, "0 or 1"),
    ],
)
def test_a_way_of_paging_that_cannot_work_is_refused(
    lake: RestLake, pagination: dict[str, Any], problem: str
) -> None:
    lake.declare("http://127.0.0.1:1", orders_table(), pagination=pagination)
    with pytest.raises(ConfigurationError, match=problem):
        lake.sources()

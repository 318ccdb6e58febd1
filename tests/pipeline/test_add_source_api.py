"""What is proposed for the address of an API: credentials, pages, cursors; each declaration is then loaded."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from configuration.errors import PlainError
from ingest.declaration.sources_file import load_sources_file
from ingest.profile.answers import Asker
from ingest.profile.look import Wanted, look_at
from ingest.profile.proposal import ProposedSource
from ingest.results import Patience
from ingest.run import ingest
from tests.pipeline.scripted_api import Asked, Reply, Script, as_json, scripted_api
from till.add_source.settle import Said, settled
from till.add_source.sources_block import source_block

SECRET = "s3cret-of-the-shop"  # pragma: allowlist secret
PATIENCE = Patience(attempts=2, backoff_seconds=0.001, longest_wait_seconds=0.01)
RECORDS = [{"id": number, "title": f"Article {number}", "category": "x"} for number in range(1, 26)]
SIZE = 10


@dataclass(frozen=True)
class Look:
    """`look(address, ...)`: what is proposed for the source `web`, and a file that declares it."""

    folder: Path

    def __call__(self, address: str, **wanted: Any) -> ProposedSource:
        paths, token = wanted.pop("paths", ()), wanted.pop("token", None)
        asker = Asker(token, "SHOP_TOKEN" if token else None, PATIENCE)
        found = look_at(
            "web",
            Wanted(address, self.folder, self.folder / "spool", None, paths, asker, **wanted),
        )
        return settled(found, Said({}), asks=False)

    def declared(self, source: ProposedSource) -> dict[str, Any]:
        """The block that would be written."""
        text = f"version: 1\nsources:\n{source_block(source)}"
        self.file.write_text(text, encoding="utf-8")
        found: dict[str, Any] = YAML(typ="safe").load(text)["sources"][0]
        return found

    @property
    def file(self) -> Path:
        """A sources file of its own."""
        return self.folder / "sources.yml"

    def loaded(self, **environ: str) -> dict[str, int]:
        """How many rows of each table a load by that declaration brings."""
        sources = load_sources_file(self.file, environ)
        result = ingest(sources, self.folder / "lake", self.folder, patience=PATIENCE)
        assert result.failed == [], result.failed
        return {each.table_name: each.rows_loaded for each in result.tables}

    def refused(self, address: str, **wanted: Any) -> str:
        """The sentence with which it ends."""
        with pytest.raises(PlainError) as error:
            self(address, **wanted)
        return str(error.value)


@pytest.fixture
def look(tmp_path: Path) -> Look:
    (tmp_path / "spool").mkdir()
    return Look(tmp_path)


def sliced(asked: Asked, start: int, size: int = SIZE) -> Sequence[object]:
    del asked
    return RECORDS[start : start + size]


def by_cursor(asked: Asked) -> Reply:
    if set(asked.parameters) - {"after"}:
        return as_json({"error": "unknown parameter"}, 400)
    start = int(asked.parameters.get("after", "c0")[1:])
    after = f"c{start + SIZE}" if start + SIZE < len(RECORDS) else None
    return as_json({"items": sliced(asked, start), "paging": {"cursors": {"after": after}}})


def by_page(asked: Asked) -> Reply:
    page = int(asked.parameters.get("page", "1"))
    return as_json(
        {"data": sliced(asked, (page - 1) * SIZE), "meta": {"page": page, "total": len(RECORDS)}}
    )


def by_page_from_zero(asked: Asked) -> Reply:
    page = int(asked.parameters.get("pageNumber", "0"))
    return as_json({"content": sliced(asked, page * SIZE), "pageNumber": page})


def by_page_unsaid(asked: Asked) -> Reply:
    return as_json(sliced(asked, (int(asked.parameters.get("page", "1")) - 1) * SIZE))


def by_offset(asked: Asked) -> Reply:
    offset, limit = int(asked.parameters.get("skip", "0")), int(asked.parameters.get("limit", "10"))
    rows = sliced(asked, offset, limit)
    return as_json({"products": rows, "skip": offset, "limit": limit, "total": len(RECORDS)})


def by_link(asked: Asked) -> Reply:
    page = int(asked.parameters.get("p", "1"))
    more = (
        {"Link": f'</v1/articles?p={page + 1}>; rel="next"'} if page * SIZE < len(RECORDS) else {}
    )
    return as_json(sliced(asked, (page - 1) * SIZE), **more)


def by_next_url(asked: Asked) -> Reply:
    page = int(asked.parameters.get("p", "1"))
    following = f"/v1/articles?p={page + 1}" if page * SIZE < len(RECORDS) else None
    return as_json({"results": sliced(asked, (page - 1) * SIZE), "links": {"next": following}})


@pytest.mark.parametrize(
    ("script", "pagination"),
    [
        (
            by_cursor,
            {"type": "cursor", "cursor_path": "paging.cursors.after", "cursor_param": "after"},
        ),
        (by_page, {"type": "page_number", "total_path": "meta.total"}),
        (by_page_from_zero, {"type": "page_number", "page_param": "pageNumber", "first_page": 0}),
        (by_page_unsaid, {"type": "page_number"}),
        (by_offset, {"type": "offset", "limit": 10, "offset_param": "skip", "total_path": "total"}),
        (by_link, {"type": "link_header"}),
        (by_next_url, {"type": "next_url", "next_url_path": "links.next"}),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_all_pages_are_loaded_as_it_was_declared(
    look: Look, script: Script, pagination: dict[str, Any]
) -> None:
    with scripted_api(script) as api:
        block = look.declared(look(f"{api.url}/v1/articles"))
        assert block["base_url"] == f"{api.url}/v1"
        assert block["pagination"] == pagination
        assert block["tables"][0]["key"] == ["id"]
        assert look.loaded() == {"articles": len(RECORDS)}


def test_a_list_that_says_there_is_more_but_not_how_is_told(look: Look) -> None:
    with scripted_api(lambda _: as_json({"data": RECORDS[:3], "has_more": True})) as api:
        source = look(f"{api.url}/v1/articles")
    assert "says that there is more, but not how to ask for it" in source.tables[0].notes[0]
    assert "pagination" not in source.options


def test_a_whole_list_of_a_usual_length_is_not_taken_for_a_page(look: Look) -> None:
    with scripted_api(lambda _: as_json(RECORDS[:20])) as api:
        source = look(f"{api.url}/v1/articles")
    assert "has 20 records, and nothing says that there are more" in source.tables[0].notes[0]
    assert "pagination" not in source.options


def test_a_cursor_that_no_parameter_takes_is_told(look: Look) -> None:
    answer = as_json({"data": RECORDS[:3], "next_cursor": "abc"})
    with scripted_api(lambda _: answer) as api:
        source = look(f"{api.url}/v1/articles")
    assert (
        "has a cursor at next_cursor, but none of cursor, next_cursor" in source.tables[0].notes[0]
    )
    assert "pagination" not in source.options


def known(script: Script) -> Script:
    """The API, for those who know the token alone."""

    def answer(asked: Asked) -> Reply:
        if asked.authorization != f"Bearer {SECRET}":
            return as_json({"error": "who are you?"}, 401)
        return script(asked)

    return answer


def test_the_token_stays_in_the_environment(look: Look) -> None:
    with scripted_api(known(by_page)) as api:
        address = f"{api.url}/v1/articles"
        assert "--token-env NAME" in look.refused(address)
        refused = look.refused(address, token="another-one")
        assert refused.endswith("Check the environment variable SHOP_TOKEN.")
        block = look.declared(look(address, token=SECRET))
        assert block["auth"] == {"type": "bearer", "token": "${SHOP_TOKEN}"}
        assert SECRET not in look.file.read_text()
        assert look.loaded(SHOP_TOKEN=SECRET) == {"articles": len(RECORDS)}


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/v1/articles?api_key=s3cret-key", "a secret stands in the address"),
        ("", "this is where an API begins, not what it lists"),
        ("/v1/page", "the answer is no JSON"),
        ("/v1/moved", "the answer leads to another address"),
        ("/v1/none", "the answer holds no list of records"),
        ("/v1/gone", "the API refuses the request (404 Not Found)"),
    ],
)
def test_an_address_that_cannot_be_declared_is_refused_in_a_sentence(
    look: Look, address: str, sentence: str
) -> None:
    replies = {
        "/v1/page": Reply(b"<html>Log in</html>"),
        "/v1/moved": Reply(b"", 302, {"Location": f"https://elsewhere.example/?token={SECRET}"}),
        "/v1/none": as_json({"data": []}),
    }
    with scripted_api(lambda asked: replies.get(asked.path, as_json({}, 404))) as api:
        said = look.refused(f"{api.url}{address}", token=SECRET)
    assert sentence in said
    assert "s3cret" not in said


def test_parameters_of_the_address_are_sent_with_each_request(look: Look) -> None:
    with scripted_api(by_offset) as api:
        block = look.declared(look(f"{api.url}/v1/articles?status=any&limit=7"))
        assert block["tables"][0]["params"] == {"status": "any", "limit": 7}
        assert look.loaded() == {"articles": len(RECORDS)}
        assert {asked["status"] for asked in api.asked_for("/v1/articles")} == {"any"}


def changes(asked: Asked) -> Reply:
    since = asked.parameters.get("since", "")
    if set(asked.parameters) - {"since"}:
        return as_json({"error": "unknown parameter"}, 400)
    moments = {"1": "2024-05-01T10:00:00Z", "2": "2024-05-02T10:00:00Z"}
    rows = [{"id": key, "email": f"{key}@a.es", "updated_at": at} for key, at in moments.items()]
    return as_json([row for row in rows if row["updated_at"] >= since])


def test_a_cursor_needs_its_parameter_and_asks_for_what_changed(look: Look) -> None:
    with scripted_api(changes) as api:
        address = f"{api.url}/v1/customers"
        assert "cursor" not in look(address).tables[0].options
        refused = look.refused(address, cursor_param="from")
        assert "the API refuses the request (400 Bad Request)" in refused
        block = look.declared(look(address, cursor_param="since"))
        cursor = {"column": "updated_at", "param": "since", "lookback": "1d"}
        assert block["tables"][0]["cursor"] == cursor
        look.loaded()
        look.loaded()
        assert api.asked_for("/v1/customers")[-1] == {"since": "2024-05-01T10:00:00Z"}


ORDERS = [
    {
        "number": name,
        "created_at": f"2024-05-0{day}T10:00:00+02:00",
        "total": 7.5,
        "address": {"country": "ES"},
        "line_items": [
            {"id": place, "sku": sku, "quantity": place, "price": "2.5"}
            for place, sku in enumerate(["OIL", "TEA"][:day], start=1)
        ],
    }
    for day, name in ((1, "A"), (2, "B"))
]


def test_the_lines_of_orders_are_found_once_it_is_said_what_tells_the_orders_apart(
    look: Look,
) -> None:
    answers = {
        "/shop/orders": as_json({"orders": ORDERS, "count": 2}),
        "/shop/products": as_json({"products": RECORDS[:3]}),
    }
    with scripted_api(lambda asked: answers[asked.path]) as api:
        source = look(f"{api.url}/shop", paths=("/orders", "products"))
        assert "No column tells the records apart" in source.tables[0].notes[0]
        wanted = Wanted(
            f"{api.url}/shop", look.folder, look.folder / "spool", paths=("/orders", "products")
        )
        flags = Said({"products": "none"}, ["orders.order_id=number"])
        source = settled(look_at("web", wanted), flags, asks=False)
        block = look.declared(source)
        assert look.loaded() == {"orders": 2, "orders__line_items": 3, "products": 3}
    orders, products = source.tables
    assert (orders.key, orders.lines) == (("number",), "orders__line_items")
    assert (orders.entity, products.entity) == ("order_lines", None)
    assert [table["path"] for table in block["tables"]] == ["/orders", "/products"]
    assert {"name": "address_country", "header": "address.country"} in block["tables"][0]["columns"]


def test_an_address_that_answers_with_csv_is_a_source_of_files(look: Look) -> None:
    reply = Reply(b"sku,preis\nOIL,2.50\nTEA,3\n", headers={"Content-Type": "text/csv"})
    with scripted_api(lambda _: reply) as api:
        block = look.declared(look(f"{api.url}/export?list=prices"))
        assert block["kind"] == "csv"
        assert look.loaded() == {"export": 2}


def test_a_file_on_the_web_is_a_source_of_files(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", SECRET)
    content = gzip.compress(json.dumps([{"id": 1, "email": "a@a.es"}]).encode())
    with scripted_api(known(lambda _: Reply(content))) as api:
        block = look.declared(look(f"{api.url}/files/customers.json.gz", token=SECRET))
        assert (block["kind"], block["auth"]["token"]) == ("json", "${SHOP_TOKEN}")
        assert look.loaded(SHOP_TOKEN=SECRET) == {"customers": 1}

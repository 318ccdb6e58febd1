"""A list behind an API that divides it into pages, and that changes between two requests as a test wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingest.json.reader import RECORD
from ingest.lake.manifest import Manifest
from ingest.rest.fetch import Api, Resource, fetch
from ingest.rest.pages import read_pages
from ingest.results import LoadContext, LoadIds, Meter
from ingest.rows.duckdb_sql import connect
from ingest.run import utc_now
from tests.pipeline.rest_lake import HURRIED, RestLake, order
from tests.pipeline.scripted_api import Asked, Reply, ScriptedApi, as_json

Records = list[dict[str, Any]]


@dataclass
class PagedList:
    """Pages of `size`, whatever was asked for, numbered from `first`; `before` changes the list.

    `before[n]` is called with the list before the n-th answer (from 1) is made.
    """

    records: Records
    size: int = 2
    first: int = 1
    tells_total: bool = True
    before: Mapping[int, Callable[[Records], object]] = field(default_factory=dict)
    answers: int = 0
    url: str = ""

    def answer(self, asked: Asked) -> Reply:
        """A page, with everything that any way of paging needs."""
        self.answers += 1
        self.before.get(self.answers, lambda records: None)(self.records)
        number = int(asked.parameters.get("page", self.first))
        start = int(asked.parameters.get("offset", (number - self.first) * self.size))
        size = min(int(asked.parameters.get("limit", self.size)), self.size)
        document: dict[str, Any] = {"data": self.records[start : start + size]}
        if self.tells_total:
            document["meta"] = {"total": len(self.records)}
        if start + size >= len(self.records):
            return as_json(document)
        following = f"{self.url}/orders?page={number + 1}"
        return as_json(document | {"next": following}, Link=f'<{following}>; rel="next"')


def numbered(count: int) -> Records:
    """Orders A1, A2, A3 and so on."""
    return [order(number) for number in range(1, count + 1)]


def ids_of(lake: RestLake, api: ScriptedApi) -> list[str]:
    """The ids of all records that come, in order, without loading them; raises PlainError as a load would."""
    del api
    sources = lake.sources()
    (source,) = sources.sources
    table = source.tables[0]
    spool = lake.folder / "spool"
    context = LoadContext(
        sources=sources,
        lake=lake.lake,
        root=lake.folder,
        manifest=Manifest(),
        now=utc_now,
        progress=lake.said.append,
        patience=HURRIED,
        ids=LoadIds(0),
        meter=Meter("web", "orders"),
    )
    spool.mkdir(exist_ok=True)
    with connect(spool) as connection:
        asked = Api(context, source, table, connection, spool / "pages")
        fetched = fetch(asked, Resource(0, table.path), {})
        read = read_pages(connection, spool / "pages", table, [fetched], "web.orders")
        assert read == fetched.rows
        found = connection.execute(
            f"select json_extract_string({RECORD}, '$.order_id') as id from records order by 1"
        ).fetchall()
    return [str(one) for (one,) in found]

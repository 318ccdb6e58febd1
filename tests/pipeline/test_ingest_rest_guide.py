"""What docs/reference/kinds-of-sources.md says of APIs: every example is declared, and the whole one loads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ingest.rest.auth_declaration import AnyAuth
from ingest.rest.pagination_declaration import AnyPagination
from tests.conftest import ROOT
from tests.pipeline.rest_lake import RestLake, orders_table
from tests.pipeline.scripted_api import Asked, Reply, as_json, scripted_api

GUIDE = (ROOT / "docs" / "reference" / "kinds-of-sources.md").read_text(encoding="utf-8")
SECTION = GUIDE.partition("## APIs\n")[2].partition("\n## ")[0]
BLOCKS = [
    document
    for text in re.findall(r"^```yaml\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
    for document in YAML(typ="safe").load_all(text)
]


def examples(key: str) -> list[Any]:
    return [block[key] for block in BLOCKS if list(block) == [key]]


def types_of(union: Any) -> set[str]:
    return {each.model_fields["type"].annotation.__args__[0] for each in union.__args__}


def test_each_way_has_an_example() -> None:
    assert {one["type"] for one in examples("auth")} == types_of(AnyAuth)
    assert {one["type"] for one in examples("pagination")} == types_of(AnyPagination)


@pytest.mark.parametrize("key", ["auth", "pagination"])
def test_each_example_is_understood(tmp_path: Path, key: str) -> None:
    from ingest.declaration.sources_file import load_sources_file  # noqa: PLC0415 - only here

    for example in examples(key):
        lake = RestLake(tmp_path)
        lake.declare("https://api.example.com", orders_table(), **{key: example})
        names = re.findall(r"\$\{(\w+)\}", lake.sources_file.read_text())
        load_sources_file(lake.sources_file, dict.fromkeys(names, "x"))


def test_the_whole_source_loads(tmp_path: Path) -> None:
    orders = [
        {
            "id": number,
            "address": {"city": "Cádiz"},
            "updated_at": "2025-03-01T10:00:00Z",
            "lines": [{"sku": "oil", "pieces": number}],
        }
        for number in (1, 2, 3)
    ]

    def answer(asked: Asked) -> Reply:
        if asked.path != "/v1/orders":
            return as_json({"data": [{"refund_no": 1, "amount": "1.50"}]})
        start, limit = int(asked.parameters["offset"]), int(asked.parameters["limit"])
        assert asked.parameters["state"] == "any"
        return as_json({"data": orders[start : start + limit], "meta": {"total": len(orders)}})

    (source,) = next(block["sources"] for block in BLOCKS if "sources" in block)
    lake = RestLake(tmp_path)
    with scripted_api(answer) as api:
        changed = {name: value for name, value in source.items() if name not in ("kind", "tables")}
        changed |= {"name": "web", "auth": {"type": "bearer", "token": "${SHOP_TOKEN}"}}
        lake.declare(api.url, *source["tables"], **changed | {"base_url": f"{api.url}/v1"})
        assert [each.rows_loaded for each in lake.ingest().tables] == [3, 3, 3]
    assert lake.rows("orders", "order_id, city") == [(str(n), "Cádiz") for n in (1, 2, 3)]
    refunds = lake.rows("refunds", "order_id, refund_no, amount::varchar")
    assert refunds == [(str(n), 1, "1.50") for n in (1, 2, 3)]

"""What may stand in the block of a followed database, and what a person is told when it may not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from configuration.errors import ConfigurationError
from ingest.declaration.sources_file import SourcesFile, load_sources_file

ADDRESS = "postgresql://me:s3cret-of-mine@host/shop"  # pragma: allowlist secret
ORDERS: dict[str, Any] = {"name": "orders", "key": ["id"], "columns": [{"name": "id"}]}


def load(folder: Path, *tables: dict[str, Any], **source: Any) -> SourcesFile:
    block = {
        "name": "erp",
        "kind": "postgres_cdc",
        "connection": "${ERP}",
        "tables": list(tables) or [ORDERS],
        **source,
    }
    path = folder / "sources.yml"
    path.write_text(json.dumps({"version": 1, "sources": [block]}), encoding="utf-8")
    return load_sources_file(path, {"ERP": ADDRESS})


@pytest.mark.parametrize(
    "connection",
    [
        ADDRESS,
        "host=host user=me password=s3cret-of-mine dbname=${ERP}",
        "postgresql://me@host/shop",
        "${ERP:-postgresql://me@host/shop}",
    ],
)
def test_an_address_in_plain_text_is_refused_and_not_repeated(
    connection: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="'connection' holds a secret") as raised:
        load(tmp_path, connection=connection)
    assert "s3cret" not in str(raised.value)


def test_the_address_shows_in_no_text_of_the_declaration(tmp_path: Path) -> None:
    sources = load(tmp_path)
    assert "s3cret" not in repr(sources)
    assert "s3cret" not in sources.model_dump_json()


def test_slot_and_publication_are_named_after_the_source(tmp_path: Path) -> None:
    (source,) = load(tmp_path).sources
    assert source.kind == "postgres_cdc"
    assert (source.slot_name, source.publication_name) == ("till_erp", "till_erp")
    assert source.tables[0].schema_and_name == ("public", "orders")
    (other,) = load(tmp_path, {**ORDERS, "table": "Sales.Order"}, slot="mine").sources
    assert other.kind == "postgres_cdc"
    assert other.slot_name == "mine"
    assert other.tables[0].schema_and_name == ("Sales", "Order")


def test_a_table_needs_a_key_and_is_followed_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="key"):
        load(tmp_path, {**ORDERS, "key": []})
    with pytest.raises(ConfigurationError, match=r"two tables follow public\.orders"):
        load(tmp_path, ORDERS, {**ORDERS, "name": "again", "table": "public.orders"})

"""Events: objects dropped as files of any form, loaded with all that they hold."""

from __future__ import annotations

import gzip
import json
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from ruamel.yaml import YAML

from ingest.dbt_sources import source_properties
from ingest.declaration.sources_file import load_sources_file
from ingest.events import files as event_files
from tests.conftest import ROOT
from tests.pipeline.csv_shop import Rejected
from tests.pipeline.file_drops import FileDrops

COLUMNS: tuple[dict[str, Any], ...] = (
    {"name": "id", "nullable": False},
    {"name": "amount", "header": "detail.amount", "type": "decimal(9,2)"},
)
LONG_AGO = 1_700_000_000


@pytest.fixture
def shop(tmp_path: Path) -> FileDrops:
    shop = FileDrops(tmp_path / "shop", kind="events")
    shop.declare_table(COLUMNS)
    return shop


def drop(shop: FileDrops, name: str, content: str | bytes) -> Path:
    """A file that nobody has touched for long."""
    path = shop.drop(name, content)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def ids(shop: FileDrops) -> list[str]:
    return [row[0] for row in shop.rows()]


def test_an_object_a_list_and_lines_load_with_all_that_they_hold(shop: FileDrops) -> None:
    first = '{\n "id": "a", "detail": {"amount": 1.50, "note": "x"},\n "sent": "2026-01-01"\n}'
    drop(shop, "one.json", "\ufeff" + first + "\n")
    drop(shop, "list.json", '[{"id": "b", "detail": {"amount": "2"}}, {"id": "c"}]')
    drop(shop, "lines.json", '{"id": "d"}\r\n\n{"id": "e", "other": [1, 2]}')
    drop(shop, "li[n]es.jsonl", '{"id": "f"}\n')
    result = shop.ingest().tables[0]
    assert (result.inputs_loaded, result.rows_read, result.rows_loaded) == (4, 6, 6)
    rows = {row[0]: row[1:] for row in shop.rows()}
    assert [str(rows[each][0]) for each in "abc"] == ["1.50", "2.00", "None"]
    assert rows["a"][1] == first
    assert json.loads(rows["e"][1]) == {"id": "e", "other": [1, 2]}
    assert shop.ingest().tables[0].inputs_skipped == 4
    assert shop.manifest().records[0].schema[2].name == "_payload"


def test_equal_events_count_each_and_a_file_that_was_moved_counts_once(shop: FileDrops) -> None:
    for name in ("1.json", "2.json"):
        drop(shop, name, '{"id": "ping"}')
    assert shop.ingest().tables[0].rows_loaded == 2
    shop.declare_table(COLUMNS, path="drops/**/*.json*")
    (shop.folder / "drops" / "old").mkdir()
    (shop.folder / "drops" / "1.json").rename(shop.folder / "drops" / "old" / "1.json")
    (shop.folder / "drops" / "2.json").unlink()
    drop(shop, "2.json.gz", gzip.compress(b'{"id": "ping"}'))
    again = shop.ingest().tables[0]
    assert (again.load_id, again.inputs_skipped) == (None, 2)


def test_what_is_no_object_is_a_rejected_row(shop: FileDrops) -> None:
    drop(shop, "a.jsonl", '{"id": "a"}\n{"id": "b", \n\n7\n{"id": null}\n')
    drop(shop, "b.json", '[{"id": "c"}, "x"]')
    drop(shop, "c.json", '"alone"')
    result = shop.ingest().tables[0]
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (7, 2, 5)
    no_object = "it is no object with named values"
    assert shop.rejected() == [
        Rejected("drops/a.jsonl", 2, None, "the line is no JSON", '{"id": "b",'),
        Rejected("drops/a.jsonl", 4, None, no_object, "7"),
        Rejected("drops/a.jsonl", 5, "id", "id is empty", '{"id": null}'),
        Rejected("drops/b.json", None, None, no_object, '"x"'),
        Rejected("drops/c.json", None, None, no_object, '"alone"'),
    ]


def test_files_that_are_still_written_are_taken_when_they_are_whole(shop: FileDrops) -> None:
    drop(shop, "a.json", '{"id": "a"}')
    unfinished: dict[str, tuple[bytes, str]] = {
        "b.json": (b'{"id": "b", "deta', '{"id": "b", "detail": {}}'),
        "c.json": (b'{"id": "c"}\n{"id": "d", ', '{"id": "c"}\n{"id": "d", "x": 1}\n'),
        "e.json": (b"", '{"id": "e"}'),
        "f.json": (b'{"id": "\xc3', '{"id": "\xfc"}'),
    }
    for name, (half, _) in unfinished.items():
        shop.drop(name, half)
    error = str(shop.ingest().tables[0].error)
    assert "4 files were refused; the first: drops/b.json: the file seems to be written" in error
    assert "Nothing is lost" in error
    assert ids(shop) == ["a"]
    for name, (_, whole) in unfinished.items():
        shop.drop(name, whole)
    assert shop.ingest().failed == []
    assert ids(shop) == ["a", "b", "c", "d", "e", "ü"]
    assert shop.rejected() == []


def test_a_file_that_stays_broken_is_refused_and_the_others_load(shop: FileDrops) -> None:
    drop(shop, "a.json", '{"id": "a"}')
    drop(shop, "b.json", '{"id": "b",\n "deta')
    error = str(shop.ingest().tables[0].error)
    assert error.startswith("drops/b.json: the file is no JSON, or it was cut off")
    assert ids(shop) == ["a"]


def test_many_files_are_read_together_and_only_new_ones(
    shop: FileDrops, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    read = event_files._add

    def counted(connection: duckdb.DuckDBPyConnection, inputs: Any) -> None:
        batches.append(len(inputs))
        read(connection, inputs)

    monkeypatch.setattr(event_files, "_add", counted)
    monkeypatch.setattr(event_files, "_BATCH_FILES", 200)
    for number in range(250):
        drop(shop, f"{number}.json", json.dumps({"id": str(number), "detail": {"amount": number}}))
    assert shop.ingest().tables[0].rows_loaded == 250
    drop(shop, "new.json", '{"id": "new"}')
    again = shop.ingest().tables[0]
    assert (again.rows_loaded, again.inputs_skipped) == (1, 250)
    assert batches == [200, 50, 1]
    assert len(set(ids(shop))) == 251


@pytest.mark.parametrize(
    "content", ['{"id": "a"}\n7\n{"id": "b"}\n', '[{"id": "a"}, 7,\n {"id": "b"}]']
)
def test_a_large_file_is_read_in_pieces(
    shop: FileDrops, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(event_files, "_LARGE_BYTES", 20)
    drop(shop, "large.json", content)
    drop(shop, "small.json", '{"id": "c"}')
    assert shop.ingest().tables[0].rows_rejected == 1
    assert ids(shop) == ["a", "b", "c"]


def test_lists_within_events_become_tables_and_events_without_them_load(shop: FileDrops) -> None:
    lines = {"name": "lines", "path": "lines", "columns": [{"name": "sku"}]}
    shop.declare_table(COLUMNS, key=["id"], children=[lines])
    drop(shop, "a.json", '{"id": "a", "lines": [{"sku": "x"}, {"sku": "y"}]}')
    drop(shop, "b.json", '{"id": "b"}')
    assert shop.ingest().failed == []
    assert shop.rows("lines") == [("a", "x", 0), ("a", "y", 1)]
    assert ids(shop) == ["a", "b"]


def test_events_take_no_data_selector(shop: FileDrops) -> None:
    shop.declare_table(COLUMNS, data_selector="detail")
    with pytest.raises(Exception, match="events are whole objects"):
        shop.ingest()


def test_the_example_of_the_guide_loads_and_dbt_knows_the_payload(shop: FileDrops) -> None:
    guide = (ROOT / "docs" / "reference" / "kinds-of-sources.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```yaml\n(  - name: .*?)^```$", guide, re.MULTILINE | re.DOTALL)
    (example,) = [each for each in examples if "kind: events" in each]
    file = shop.folder / "sources.yml"
    file.write_text(f"version: 1\nsources:\n{example}", encoding="utf-8")
    hook = shop.folder / "data" / "hooks" / "1.json"
    hook.parent.mkdir(parents=True)
    hook.write_text('{"id": "e1", "detail": {"total": "9.50", "note": "gift"}}', encoding="utf-8")
    assert shop.ingest().failed == []
    (record,) = shop.manifest().records
    (path,) = record.files
    found = duckdb.execute(
        f"select event_id, total, _payload ->> '$.detail.note' from '{shop.lake / path.path}'"
    ).fetchall()
    assert found == [("e1", Decimal("9.50"), "gift")]
    (source,) = load_sources_file(file, {}).sources
    (table,) = YAML(typ="safe").load(source_properties(source))["sources"][0]["tables"]
    assert [column["name"] for column in table["columns"]] == [
        *("event_id", "sent_at", "total", "_payload"),
        *("_file", "_load_id", "_loaded_at"),
    ]

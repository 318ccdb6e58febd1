"""Compressed files: each plain file in them is loaded once, and what is broken or made to harm is refused."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from ingest.declaration.sources_file import load_sources_file
from ingest.dry_run import plan
from ingest.files import found_files, unpacking
from tests.pipeline.csv_shop import CsvShop, Rejected
from tests.pipeline.file_drops import FileDrops

HEAD = "id,amount\n"


@pytest.fixture
def shop(tmp_path: Path) -> CsvShop:
    return CsvShop(tmp_path / "shop")


def zstd(content: str) -> bytes:
    packed: bytes = pa.compress(content.encode(), "zstd", asbytes=True)
    return packed


def zipped(*members: tuple[str, str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return memory.getvalue()


def no_unpacking(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("unpacked again")

    monkeypatch.setattr(found_files, "unpack", refuse)
    monkeypatch.setattr(found_files, "unzip", refuse)


def test_plain_and_compressed_files_load_together_and_are_not_unpacked_again(
    shop: CsvShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.drop("b.csv.gz", gzip.compress(f"{HEAD}b,2\nbad,two\n".encode()))
    shop.drop("c.CSV.ZST", zstd(HEAD + "c,3\n"))
    shop.drop(
        "d.zip", zipped(("x/e.csv", HEAD + "e,5\n"), ("d.csv", HEAD + "d,4\n"), ("n.txt", ""))
    )
    result = shop.ingest().tables[0]
    assert (result.error, result.inputs_loaded, result.rows_rejected) == (None, 5, 1)
    assert shop.rows() == [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)]
    reason = "amount: 'two' is not a whole number"
    assert shop.rejected() == [Rejected("drops/b.csv.gz", 3, "amount", reason, "bad,two")]
    paths = [each.path for each in shop.manifest().records[0].inputs]
    assert paths == [
        *("drops/a.csv", "drops/b.csv.gz", "drops/c.CSV.ZST"),
        *("drops/d.zip/x/e.csv", "drops/d.zip/d.csv"),
    ]
    no_unpacking(monkeypatch)
    assert shop.ingest().tables[0].inputs_skipped == 5


def test_a_file_that_was_compressed_or_unpacked_since_counts_once(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.drop("b.csv.gz", gzip.compress(f"{HEAD}b,2\n".encode()))
    shop.ingest()
    drops = shop.folder / "drops"
    (drops / "a.csv").unlink()
    # As a record of before there were versions.
    (record,) = (shop.lake / "raw" / "_manifest").glob("*.json")
    document = json.loads(record.read_bytes())
    assert [each.pop("version") is None for each in document[0]["inputs"]] == [True, False]
    record.write_text(json.dumps(document), encoding="utf-8")
    shop.drop("a.csv.zst", zstd(HEAD + "a,1\n"))
    shop.drop("all.zip", zipped(("b.csv", HEAD + "b,2\n")))
    again = shop.ingest().tables[0]
    assert (again.load_id, again.inputs_skipped) == (None, 3)


def test_a_changed_member_replaces_its_former_rows_alone(shop: CsvShop) -> None:
    kept = ("kept.csv", HEAD + "k,1\n")
    shop.drop("a.zip", zipped(kept, ("changed.csv", HEAD + "c,1\n")))
    shop.ingest()
    shop.drop("a.zip", zipped(kept, ("changed.csv", HEAD + "c,2\n"), ("new.csv", HEAD + "n,3\n")))
    result = shop.ingest().tables[0]
    assert (result.inputs_loaded, result.inputs_skipped) == (2, 1)
    assert shop.rows() == [("c", 2), ("k", 1), ("n", 3)]


def test_a_reload_and_a_dry_run_look_into_archives(shop: CsvShop) -> None:
    shop.drop("a.zip", zipped(("a.csv", HEAD + "a,1\n")))
    shop.ingest()
    shop.drop("b.csv.gz", gzip.compress(f"{HEAD}b,2\n".encode()))
    shop.drop("c.csv.gz", b"no gzip")
    sources = load_sources_file(shop.folder / "sources.yml", {})
    for reload, of_known in ((False, "known"), (True, "again")):
        (found,) = plan(sources, shop.lake, shop.folder, reload=reload)
        whats = {each.path: each.what for each in found.files}
        assert whats == {
            "drops/a.zip/a.csv": of_known,
            "drops/b.csv.gz": "new",
            "drops/c.csv.gz": "refused",
        }
    (shop.folder / "drops" / "c.csv.gz").unlink()
    assert shop.ingest(only=["shop"], reload=True).tables[0].inputs_loaded == 2
    assert shop.rows() == [("a", 1), ("b", 2)]


def test_json_is_read_by_the_ending_within(tmp_path: Path) -> None:
    shop = FileDrops(tmp_path / "shop", kind="json")
    shop.declare_table()
    shop.drop("a.JSONL.GZ", gzip.compress(b'{"id": "a", "amount": 1}\n{"id": "b", "amount": 2}\n'))
    documents = (("x.json", '[{"id": "c", "amount": 3}]'), ("y.jsonl", '{"id": "d", "amount": 4}'))
    shop.drop("b.zip", zipped(*documents))
    assert shop.ingest().failed == []
    assert shop.rows() == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]


def test_events_may_be_compressed(tmp_path: Path) -> None:
    shop = FileDrops(tmp_path / "shop", kind="events")
    shop.declare_table([{"name": "id"}])
    shop.drop("a.json.gz", gzip.compress(b'{"id": "a"}\n{"id": "b"}'))
    shop.drop("b.zip", zipped(*((f"{number}.json", json.dumps({"id": "x"})) for number in "12")))
    assert shop.ingest().failed == []
    assert [row[0] for row in shop.rows()] == ["a", "b", "x", "x"]


BOMB = zstd(HEAD + "a,1\n" * 500_000)
WHOLE = HEAD + "".join(f"a{number},{number}\n" for number in range(2000))


BROKEN: dict[str, tuple[bytes, str]] = {
    "cut.csv.gz": (gzip.compress(WHOLE.encode())[:-9], "is broken or was cut off"),
    "cut.csv.zst": (zstd(WHOLE)[:-9], "is broken or was cut off (Truncated compressed stream)"),
    "empty.csv.gz": (b"", "is broken or was cut off (it is empty)"),
    "plain.csv.gz": (WHOLE.encode(), "is broken or was cut off (Not a gzipped file"),
    "cut.zip": (zipped(("a.csv", WHOLE))[:-30], "is broken or was cut off (File is not a zip"),
    "other.zip": (zipped(("a.txt", WHOLE)), "the archive has no CSV file"),
    "nested.zip": (zipped(("a.csv", WHOLE), ("b.zip", "")), "an archive within the archive"),
    "twice.zip": (zipped(("a.csv", WHOLE), ("../a.csv", WHOLE)), "two files of the name 'a.csv'"),
    "bomb.csv.zst": (BOMB, "it grows to more than 100 times its size"),
    "bomb.zip": (zipped(("a.csv", "a,1\n" * 500_000)), "it grows to more than 100 times its size"),
}


def test_what_cannot_be_unpacked_is_refused_and_the_others_load(
    shop: CsvShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "_SAFE_BYTES", 1 << 20)
    for name, (content, _) in BROKEN.items():
        shop.drop(name, content)
    shop.drop("good.csv", HEAD + "good,1\n")
    sources = load_sources_file(shop.folder / "sources.yml", {})
    (found,) = plan(sources, shop.lake, shop.folder)
    told = {each.path.split("/")[1]: each.why for each in found.files if each.what == "refused"}
    assert told.keys() == BROKEN.keys()
    for name, (_, sentence) in BROKEN.items():
        assert sentence in told[name]
    error = str(shop.ingest().tables[0].error)
    assert error.startswith("shop.sales: 10 files were refused; the first: drops/bomb.csv.zst: ")
    assert shop.rows() == [("good", 1)]


def test_a_locked_or_broken_member_is_refused_and_the_others_load(shop: CsvShop) -> None:
    content = zipped(("bad.csv", WHOLE), ("good.csv", HEAD + "g,1\n"), method=zipfile.ZIP_STORED)
    shop.drop("a.zip", content.replace(b"a1000,1000", b"a1000,1001"))
    # What says that a member is encrypted: a bit in its local header, and in the directory.
    locked = bytearray(zipped(("x.csv", HEAD + "x,1\n")))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    shop.drop("b.zip", bytes(locked))
    error = str(shop.ingest().tables[0].error)
    assert "2 files were refused; the first: drops/a.zip/bad.csv: " in error
    assert "Bad CRC-32" in error
    assert shop.rows() == [("g", 1)]
    (shop.folder / "drops" / "a.zip").unlink()
    assert shop.error().startswith("drops/b.zip/x.csv: the archive is locked with a password")


def test_names_that_lead_out_of_the_archive_are_only_names(shop: CsvShop) -> None:
    names = ("../../out.csv", "/etc/abs.csv", "C:\\evil\\win.csv", "__MACOSX/._out.csv")
    shop.drop("a.zip", zipped(*((name, f"{HEAD}{name[-7:-4]},1\n") for name in names)))
    assert shop.ingest().failed == []
    assert sorted(each.path for each in shop.manifest().records[0].inputs) == [
        "drops/a.zip/C:/evil/win.csv",
        "drops/a.zip/etc/abs.csv",
        "drops/a.zip/out.csv",
    ]
    outside = [path.name for path in shop.folder.parent.rglob("*.csv")]
    assert outside == []

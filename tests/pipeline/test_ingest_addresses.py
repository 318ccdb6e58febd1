"""Files at addresses: on the web and in an object store, each version fetched whole and once."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from ingest.declaration.sources_file import load_sources_file
from ingest.dry_run import plan
from ingest.files.object_store import Listing, ObjectStore, StoredObject
from ingest.plans import PlannedFile
from ingest.results import Counted, IngestResult, Patience
from ingest.run import ingest
from tests.pipeline.file_drops import FileDrops
from tests.pipeline.file_server import FileServer, Served, file_server

moto_server = pytest.importorskip("moto.server")
botocore_session = pytest.importorskip("botocore.session")

HEAD = b"id,amount\n"
QUICK = Patience(attempts=3, backoff_seconds=0.01, longest_wait_seconds=0.05, answer_seconds=5)
OLD = {"Last-Modified": "Wed, 01 Jan 2025 10:00:00 GMT"}


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as running:
        yield running


@pytest.fixture
def shop(tmp_path: Path) -> FileDrops:
    return FileDrops(tmp_path / "shop")


def load(shop: FileDrops, environ: dict[str, str] | None = None, **options: Any) -> IngestResult:
    options = {"patience": QUICK, **options}
    sources = load_sources_file(shop.folder / "sources.yml", environ or {})
    result = ingest(sources, shop.lake, shop.folder, **options)
    shop.check_books()
    return result


def error_of(shop: FileDrops, **options: Any) -> str:
    (only,) = load(shop, **options).failed
    return str(only.error)


def planned(shop: FileDrops, *, reload: bool = False) -> tuple[PlannedFile, ...]:
    sources = load_sources_file(shop.folder / "sources.yml", {})
    (only,) = plan(sources, shop.lake, shop.folder, reload=reload)
    return only.files


def inputs(shop: FileDrops) -> list[str]:
    return [each.path for record in shop.manifest().records for each in record.inputs]


# -- on the web


@pytest.mark.parametrize("version", [{"ETag": 'W/"v1"'}, OLD], ids=["ETag", "Last-Modified"])
def test_a_file_on_the_web_is_fetched_once_for_each_version(
    shop: FileDrops, server: FileServer, version: dict[str, str]
) -> None:
    server.files["/shop/sales.csv"] = Served(HEAD + b"a,1\n", version)
    shop.declare_table(path=f"{server.url}/shop/sales.csv")
    assert load(shop).tables[0].rows_loaded == 1
    assert inputs(shop) == [f"{server.url}/shop/sales.csv"]
    assert load(shop).tables[0].inputs_skipped == 1
    assert server.asked[-1] == ("/shop/sales.csv", next(iter(version.values())), 304)
    new = {"ETag": '"v2"'} if "ETag" in version else {"Last-Modified": OLD["Last-Modified"][:-12]}
    server.files["/shop/sales.csv"] = Served(HEAD + b"a,2\n", new)
    load(shop)
    assert shop.rows() == [("a", 2)]
    assert server.bodies == 2


def test_without_a_version_the_content_decides(shop: FileDrops, server: FileServer) -> None:
    # A file that was written a moment ago may change again within the second that its date names.
    just_now = {"Last-Modified": formatdate(usegmt=True)}
    server.files["/a.csv"] = served = Served(HEAD + b"a,1\n", just_now)
    shop.declare_table(path=f"{server.url}/a.csv")
    assert load(shop).tables[0].rows_loaded == 1
    assert load(shop).tables[0].load_id is None
    served.body = HEAD + b"a,2\n"
    load(shop)
    assert shop.rows() == [("a", 2)]
    assert server.bodies == 3


def test_a_download_that_breaks_off_is_tried_again_and_never_loaded_half(
    shop: FileDrops, server: FileServer
) -> None:
    body = HEAD + b"a,1\n" * 1000
    server.files["/a.csv"] = served = Served(body, cut=2, failures=[503, 429])
    shop.declare_table(path=f"{server.url}/a.csv")
    assert load(shop).tables[0].rows_loaded == 1000
    served.body, served.cut = body * 2, 99
    assert error_of(shop).startswith(f"{server.url}/a.csv: the download broke off, each time")
    assert len(shop.rows()) == 1000


def test_what_the_server_does_not_give_is_told_in_a_sentence(
    shop: FileDrops, server: FileServer
) -> None:
    server.files["/busy.csv"] = Served(HEAD, failures=[503] * 9)
    server.files["/br.csv"] = Served(HEAD, {"Content-Encoding": "br"})
    server.files["/locked.csv"] = Served(HEAD, failures=[403])
    for path, sentence in {
        f"{server.url}/none.csv": "the server does not give the file (404 Not Found). Correct",
        f"{server.url}/busy.csv": "(503 Service Unavailable). It was asked several times",
        f"{server.url}/locked.csv": "(403 Forbidden). Give the source an auth",
        f"{server.url}/br.csv": "the server packs the file as 'br'",
        "http://127.0.0.1:9/a.csv": "the server cannot be reached (connection refused)",
        "ftp://127.0.0.1/a.csv": "files are not read from such an address",
    }.items():
        shop.declare_table(path=path)
        assert sentence in error_of(shop)


def test_compressed_files_come_from_the_web_too(shop: FileDrops, server: FileServer) -> None:
    packed = gzip.compress(HEAD + b"a,1\n")
    # A server that says of the file what is true of it; one that packs for the way; one without a name.
    server.files["/a.csv.gz"] = Served(packed, {"Content-Encoding": "gzip", "ETag": '"g"'})
    server.files["/b.csv"] = Served(gzip.compress(HEAD + b"b,2\n"), {"Content-Encoding": "gzip"})
    named = {"Content-Disposition": 'attachment; filename="c.csv.gz"'}
    server.files["/export?id=3"] = Served(gzip.compress(HEAD + b"c,3\n"), named)
    columns = [{"name": "id"}, {"name": "amount", "type": "integer"}]
    for path in server.files:
        shop.declare_table(columns, path=f"{server.url}{path}")
        assert load(shop).failed == []
    assert shop.rows() == [("a", 1), ("b", 2), ("c", 3)]
    assert inputs(shop) == [f"{server.url}{path}" for path in server.files]


def test_an_archive_on_the_web_is_fetched_once_for_each_version(
    shop: FileDrops, server: FileServer
) -> None:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name in "ab":
            archive.writestr(f"{name}.csv", HEAD + name.encode() + b",1\n")
    named = {"Content-Type": "application/zip", "ETag": '"z"'}
    server.files["/export"] = Served(memory.getvalue(), named)
    shop.declare_table(path=f"{server.url}/export")
    load(shop)
    assert inputs(shop) == [f"{server.url}/export/a.csv", f"{server.url}/export/b.csv"]
    assert [each.what for each in planned(shop)] == ["known", "known"]
    assert load(shop).tables[0].inputs_skipped == 2
    assert server.bodies == 1
    server.files["/export"].headers = {**named, "ETag": '"other"'}
    assert [(each.path, each.what) for each in planned(shop)] == [
        (f"{server.url}/export", "changed")
    ]


def test_a_parquet_and_a_json_file_come_from_the_web(tmp_path: Path, server: FileServer) -> None:
    parquet = FileDrops(tmp_path / "parquet", kind="parquet")
    source = parquet.drop_parquet("a.parquet", "select 'a' as id, 1 as amount")
    server.files["/a.parquet"] = Served(source.read_bytes())
    parquet.declare_table(path=f"{server.url}/a.parquet")
    assert load(parquet).failed == []
    assert parquet.rows() == [("a", 1)]
    lines = FileDrops(tmp_path / "json", kind="json")
    server.files["/feed"] = Served(
        b'{"id": "a", "amount": 1}\n{"id": "b", "amount": 2}\n',
        {"Content-Type": "application/x-ndjson; charset=utf-8"},
    )
    lines.declare_table(path=f"{server.url}/feed")
    assert load(lines).failed == []
    assert lines.rows() == [("a", 1), ("b", 2)]


def test_a_secret_in_an_address_is_nowhere(shop: FileDrops, server: FileServer) -> None:
    path = "/c4n4ry-path/a.csv?month=5&token=c4n4ry-query&X-Amz-Signature=c4n4ry-plain"
    server.files[path] = Served(HEAD + b"a,1\nb,two\n", {"ETag": '"v1"'})
    declared = (
        f"{server.url}/${{FOLDER}}/a.csv?month=5&token=${{TOKEN}}&X-Amz-Signature=c4n4ry-plain"
    )
    shop.declare_table(path=declared)
    # A variable of another source, and a value that stands here by accident.
    environ = {"FOLDER": "c4n4ry-path", "TOKEN": "c4n4ry-query"}
    told: list[str] = []
    result = load(shop, environ, on_progress=told.append)
    name = f"{server.url}/${{FOLDER}}/a.csv?month=5&token=***&X-Amz-Signature=***"
    assert inputs(shop) == [name]
    assert shop.rejected()[0].file == name
    server.files.clear()
    (failed,) = load(shop, environ).failed
    assert str(failed.error).startswith(f"{name}: the server does not give the file")
    assert "c4n4ry" not in f"{result} {told} {failed}"
    for file in shop.lake.rglob("*"):
        assert not file.is_file() or b"c4n4ry" not in file.read_bytes()


def test_a_token_of_the_source_is_sent_and_shows_nowhere(
    shop: FileDrops, server: FileServer
) -> None:
    server.files["/a.csv"] = Served(HEAD + b"a,1\n", token="c4n4ry")
    shop.declare_table(path=f"{server.url}/a.csv")
    file = shop.folder / "sources.yml"
    document = json.loads(file.read_text(encoding="utf-8"))
    document["sources"][0]["auth"] = {"type": "bearer", "token": "${TOKEN}"}
    file.write_text(json.dumps(document), encoding="utf-8")
    (failed,) = load(shop, {"TOKEN": "wrong"}).failed
    assert str(failed.error).endswith("(401 Unauthorized). Check the environment variable TOKEN.")
    assert load(shop, {"TOKEN": "c4n4ry"}).failed == []
    assert shop.rows() == [("a", 1)]
    for each in shop.lake.rglob("*"):
        assert not each.is_file() or b"c4n4ry" not in each.read_bytes()


def test_a_dry_run_asks_for_the_version_and_fetches_nothing(
    shop: FileDrops, server: FileServer
) -> None:
    address = f"{server.url}/a.csv"
    server.files["/a.csv"] = served = Served(HEAD + b"a,1\n", {"ETag": '"v1"'})
    shop.declare_table(path=address)
    assert planned(shop) == (
        PlannedFile(address, "new", 14, "not in the lake yet; it would be fetched"),
    )
    load_id = load(shop).tables[0].load_id
    assert planned(shop) == (PlannedFile(address, "known", 14, f"in load {load_id}"),)
    assert planned(shop, reload=True)[0].what == "again"
    served.headers = {"ETag": '"v2"'}
    served.body += b"b,2\n"
    why = (
        f"another version than that of load {load_id}; it would be fetched and compared by content"
    )
    assert planned(shop) == (PlannedFile(address, "changed", 18, why),)
    assert load(shop, only=["shop"], reload=True).tables[0].rows_loaded == 2
    assert shop.rows() == [("a", 1), ("b", 2)]


# -- in an object store


@dataclass
class Bucket:
    """A bucket named `shop` on a real server."""

    client: Any

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket="shop", Key=key, Body=content)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",  # pragma: allowlist secret
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(name, value)
    made = Bucket(botocore_session.get_session().create_client("s3"))
    made.client.create_bucket(Bucket="shop")
    yield made
    for each in made.client.list_objects_v2(Bucket="shop")["Contents"]:
        made.client.delete_object(Bucket="shop", Key=each["Key"])
    made.client.delete_bucket(Bucket="shop")


def test_a_prefix_is_a_folder_and_each_version_is_fetched_once(
    shop: FileDrops, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("in/a.csv", HEAD + b"a,1\n")
    bucket.put("in/b [1].csv.gz", gzip.compress(HEAD + b"b,2\n"))
    bucket.put("in/deeper/c.csv", HEAD + b"c,3\n")
    bucket.put("in/note.txt", b"")
    bucket.put("in/.d.csv", b"")
    shop.declare_table(path="s3://shop/in/")
    assert {each.what for each in planned(shop)} == {"new"}
    assert load(shop).tables[0].rows_loaded == 2
    assert inputs(shop) == ["s3://shop/in/a.csv", "s3://shop/in/b [1].csv.gz"]
    bucket.put("in/a.csv", HEAD + b"a,10\n")
    bucket.put("in/e.csv", HEAD + b"e,5\n")
    fetched: list[str] = []
    whole = ObjectStore.fetch

    def seen(store: ObjectStore, found: StoredObject, target: Path, count: Counted) -> str | None:
        fetched.append(found.key)
        return whole(store, found, target, count)

    monkeypatch.setattr(ObjectStore, "fetch", seen)
    whats = [(each.path.rpartition("/")[2], each.what) for each in planned(shop)]
    assert whats == [("a.csv", "changed"), ("b [1].csv.gz", "known"), ("e.csv", "new")]
    assert fetched == []
    result = load(shop).tables[0]
    assert (sorted(fetched), result.inputs_skipped) == (["in/a.csv", "in/e.csv"], 1)
    assert shop.rows() == [("a", 10), ("b", 2), ("e", 5)]
    assert load(shop, only=["shop"], reload=True).tables[0].inputs_loaded == 3


def test_an_address_in_a_store_is_an_object_a_prefix_or_a_pattern(
    shop: FileDrops, bucket: Bucket
) -> None:
    for name in ("a.csv", "a.csv.bak", "b.csv", "deeper/c.csv"):
        bucket.put(f"in/{name}", HEAD + name.encode() + b",1\n")
    for path, names in {
        "s3://shop/in/*.csv": ["a.csv", "b.csv"],
        "s3://shop/in/**/*.csv": ["a.csv", "b.csv", "deeper/c.csv"],
        "s3://shop/in/a.csv": ["a.csv"],
        "s3://shop/in": ["a.csv", "b.csv"],
    }.items():
        shop.declare_table(path=path)
        assert [each.path for each in planned(shop)] == [f"s3://shop/in/{name}" for name in names]


def test_events_under_a_prefix_load_beside_a_broken_one(tmp_path: Path, bucket: Bucket) -> None:
    shop = FileDrops(tmp_path / "events", kind="events")
    shop.declare_table([{"name": "id"}], path="s3://shop/events/**/*.json")
    for number in range(30):
        bucket.put(f"events/2026/11/{number:02d}.json", b'{"id": "%d"}' % number)
    bucket.put("events/2026/12/cut.json", b'{"id": ')
    error = error_of(shop)
    assert error.startswith("s3://shop/events/2026/12/cut.json: the file is no JSON")
    assert len(shop.rows()) == 30


def test_an_object_that_changed_since_it_was_listed_is_refused(
    shop: FileDrops, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("in/a.csv", HEAD + b"a,1\n")
    bucket.put("in/b.csv", HEAD + b"b,1\n")
    listed = ObjectStore.listed

    def and_then_changed(store: ObjectStore, address: str) -> Listing:
        found = listed(store, address)
        bucket.put("in/a.csv", HEAD + b"a,2\n")
        return found

    monkeypatch.setattr(ObjectStore, "listed", and_then_changed)
    shop.declare_table(path="s3://shop/in/")
    assert error_of(shop).startswith("s3://shop/in/a.csv: the object changed while it was read")
    assert shop.rows() == [("b", 1)]


def test_what_the_store_does_not_give_is_told_in_a_sentence(
    shop: FileDrops, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("in/a.txt", b"")
    for path, sentence in {
        "s3://shop/in/": "s3://shop/in/: no CSV file is there",
        "s3://shop/none.csv": "s3://shop/none.csv: no CSV file is there",
        "s3://nowhere/in/": "s3://nowhere/in/: it is not there (NoSuchBucket)",
        "s3:///in/": "the object store cannot be asked for this",
    }.items():
        shop.declare_table(path=path)
        assert sentence in error_of(shop)
    shop.declare_table(path="s3://shop/in/")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert "cannot be reached" in error_of(shop, patience=Patience(attempts=1))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "there are no AWS credentials" in error_of(shop)
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    assert "Install the extra: pip install 'tillhouse[s3]'" in error_of(shop)

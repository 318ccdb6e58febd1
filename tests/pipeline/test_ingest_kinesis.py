"""Streams: every record exactly once, whatever happens to shards, records, credentials and time."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

boto3 = pytest.importorskip("boto3")
pytest.importorskip("moto.server")

from configuration.errors import ConfigurationError  # noqa: E402 - only with the extra
from ingest.dbt_sources import source_properties  # noqa: E402
from ingest.declaration.sources_file import load_sources_file  # noqa: E402
from ingest.kinesis import content  # noqa: E402
from ingest.results import Window  # noqa: E402
from ingest.run import ingest  # noqa: E402
from tests.conftest import ROOT  # noqa: E402
from tests.pipeline.stream_lake import (  # noqa: E402
    HURRIED,
    KEYS,
    LOWEST,
    MIDDLE,
    REGION,
    StreamLake,
    Trouble,
    kinesis,
)

FIRST = "shardId-000000000000"


def event(name: str, amount: Any = "1.50") -> dict[str, Any]:
    return {"event_id": name, "amount": amount}


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Trouble]]:
    with kinesis() as found:
        yield found


@pytest.fixture(scope="module")
def client(server: tuple[str, Trouble]) -> Any:
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}
    return boto3.session.Session().client(
        "kinesis", region_name=REGION, endpoint_url=server[0], **keys
    )


@pytest.fixture
def trouble(server: tuple[str, Trouble]) -> Trouble:
    server[1].__init__()  # type: ignore[misc] - as new, for each test
    return server[1]


@pytest.fixture
def web(
    tmp_path: Path,
    server: tuple[str, Trouble],
    client: Any,
    trouble: Trouble,
    monkeypatch: pytest.MonkeyPatch,
) -> StreamLake:
    """A stream of one shard, and a lake without a load."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    web = StreamLake(tmp_path / "shop", server[0], client, f"events-{uuid.uuid4()}")
    web.create()
    web.declare()
    return web


def test_each_run_loads_what_came_since_the_last(web: StreamLake) -> None:
    web.put(event("a", 1.5), event("b", None))
    first = web.loaded()
    assert (first.rows_read, first.rows_loaded, first.rows_rejected) == (2, 2, 0)
    assert web.loaded().load_id is None
    web.put(event("c"))
    assert web.loaded().rows_loaded == 1
    assert web.rows("event_id, amount::varchar, _shard_id, _sequence_number, _partition_key") == [
        ("a", "1.50", FIRST, "1", "a customer"),
        ("b", None, FIRST, "2", "a customer"),
        ("c", "1.50", FIRST, "3", "a customer"),
    ]
    assert len(web.records()) == 2
    one, two = web.records()
    assert two.cursor_before == one.cursor_after
    assert json.loads(str(two.cursor_after))["shards"] == {FIRST: {"after": "3"}}
    (file,) = {row[0] for row in web.rows("_file")}
    assert file == one.inputs[0].path == f"{web.stream}/{FIRST}"
    arrived = web.rows("_arrived_at")[0][0].replace(tzinfo=UTC)
    assert abs(arrived - datetime.now(UTC)) < timedelta(hours=1)


def test_a_record_may_hold_lines_and_may_be_packed(web: StreamLake) -> None:
    pretty = json.dumps(event("pretty"), indent=2).encode()
    lines = b'{"event_id": "l1"}\r\n\n  {"event_id": "l2"}  \n'
    packed = gzip.compress(b'{"event_id": "g1"}\n') + gzip.compress(b'{"event_id": "g2"}')
    web.put(pretty, lines, packed, b"\xef\xbb\xbf" + json.dumps(event("bom")).encode())
    assert web.loaded().rows_read == 6
    assert web.ids() == ["bom", "g1", "g2", "l1", "l2", "pretty"]


BROKEN: dict[str, tuple[bytes, str]] = {
    "no JSON": (b'{"event_id": "x"', "the record is no JSON"),
    "no object": (b"[1, 2]", "the record is no object with named values"),
    "half a character": (b'{"event_id": "\\ud800"}', "the record is no JSON"),
    "blank": (b" \n\t ", "the record is empty"),
    "text of several lines": (b"Dear Sir,\nno.", "the record is no JSON"),
    "not UTF-8": (b'{"event_id": "\xe9"}', "the record is not UTF-8 text"),
    "cut off when packed": (gzip.compress(b"{}" * 99)[:-9], "the record is no whole gzip data"),
    "aggregated": (
        b"\xf3\x89\x9a\xc2\x0a\x01",
        "several records packed into one by the Kinesis Prod",
    ),
    "too little": (b'{"amount": 1}', "event_id is empty"),
    "wrong type": (b'{"event_id": "x", "amount": "two"}', "amount: 'two' is not a number"),
}


def test_a_record_that_is_none_is_rejected_and_the_stream_goes_on(web: StreamLake) -> None:
    web.put(*(data for data, _ in BROKEN.values()))
    result = web.loaded()  # not one of them fits, and the stream goes on all the same
    assert (result.rows_loaded, result.rows_rejected) == (0, len(BROKEN))
    web.put(event("a"), b'{"event_id": "l1"}\noops\n3\n{"event_id": "l2"}')
    result = web.loaded()
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (5, 3, 2)
    assert web.ids() == ["a", "l1", "l2"]

    found = {}
    for reason, text, file, line in web.rejected("reason, original_text, file, line"):
        assert file == f"{web.stream}/{FIRST}"
        found[text] = (reason, line)
    for number, (data, reason) in enumerate(BROKEN.values(), start=1):
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = base64.b64encode(data).decode()
        told, line = found.pop(text)
        assert told.startswith(reason)
        assert told.endswith(f" (record {number})")
        assert line is None
    last = len(BROKEN) + 2
    assert found == {
        "oops": (f"the line is no JSON (record {last})", 2),
        "3": (f"the line is no object with named values (record {last})", 3),
    }


def test_a_record_that_unpacks_without_end_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "LONGEST_BYTES", 1000)
    assert content.content_of(gzip.compress(b"x" * 1000)).text == "x" * 1000
    many = gzip.compress(b"x" * 600) * 2
    for data in (gzip.compress(b"x" * 1001), gzip.compress(b"x" * 10**7), many):
        assert content.content_of(data).problem == "the record is too long when unpacked"


def test_declared_names_that_no_new_record_has_are_empty(web: StreamLake) -> None:
    web.put({"event_id": "a", "more": 1})
    assert web.loaded().rows_loaded == 1
    assert web.rows("event_id, amount") == [("a", None)]
    assert any("not declared, so not loaded: more" in line for line in web.said)


def test_max_rejected_refuses_when_it_is_asked_for(web: StreamLake) -> None:
    web.declare(table={"max_rejected": 0.4})
    web.put(event("a"), b"oops")
    assert "1 of 2 rows do not fit" in web.refused()
    web.put(event("b"))
    assert web.loaded().rows_read == 3


def test_an_answer_of_any_length_is_read_to_the_end(web: StreamLake, trouble: Trouble) -> None:
    web.put(*(event(f"{number:02}") for number in range(25)))
    trouble.most_records = 4
    assert web.loaded().rows_loaded == 25
    assert web.ids() == [f"{number:02}" for number in range(25)]


def test_what_comes_while_the_load_runs_waits_for_the_next(web: StreamLake) -> None:
    web.put(event("a"), event("b"), event("c"))
    later = [*web.shard(FIRST).records.values()][1]
    later.created_at_datetime += timedelta(hours=1)
    assert web.loaded().rows_loaded == 1
    later.created_at_datetime -= timedelta(hours=1)
    assert web.loaded().rows_loaded == 2
    assert web.ids() == ["a", "b", "c"]


def test_a_shard_closed_meanwhile_is_not_taken_for_read(
    web: StreamLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last answer says that the shard is at its end, and holds a record that came too late for us."""
    from ingest.kinesis import client as asked  # noqa: PLC0415

    web.put(event("a"), event("b"))
    later = web.shard(FIRST).records[2]
    later.created_at_datetime += timedelta(hours=1)
    listed = asked.KinesisClient.stream

    def closed_after_it_was_listed(self: Any) -> Any:
        found = listed(self)
        web.split(FIRST, MIDDLE)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(asked.KinesisClient, "stream", closed_after_it_was_listed)
        assert web.loaded().rows_loaded == 1
    later.created_at_datetime -= timedelta(hours=1)
    web.put(event("c"))
    assert web.loaded().rows_loaded == 2
    assert web.ids() == ["a", "b", "c"]


def test_split_and_merged_shards_are_read_once_and_parents_first(web: StreamLake) -> None:
    web.put(event("a"))
    web.loaded()
    web.put(event("b"))
    web.split(FIRST, MIDDLE)
    low, high = f"{FIRST[:-1]}1", f"{FIRST[:-1]}2"
    web.put(event("c"), at=LOWEST)
    web.put(event("d"), at=MIDDLE)
    web.merge(low, high)
    web.put(event("e"))
    assert web.loaded().rows_loaded == 4
    assert web.ids() == ["a", "b", "c", "d", "e"]
    inputs = [each.path.split("/")[1] for each in web.records()[-1].inputs]
    assert inputs == [FIRST, low, high, f"{FIRST[:-1]}3"]
    assert [each.shard for each in web.plan().shards] == [f"{FIRST[:-1]}3", "new shards"]

    # Parents that are read to their end may vanish; when they do, nothing is lost, and nothing is said.
    for name in (FIRST, low, high):
        del web.inside.shards[name]
    web.put(event("f"))
    assert web.loaded().rows_loaded == 1
    assert web.loaded().load_id is None


def test_a_shard_that_vanished_unread_is_told_once(web: StreamLake) -> None:
    web.put(event("a"))
    web.loaded()
    web.split(FIRST, MIDDLE)
    web.put(event("b"))
    del web.inside.shards[FIRST]
    result = web.ingest()
    assert result.rows_loaded == 1
    assert f"{FIRST} is gone before it was read to its end" in str(result.error)
    assert "after the sequence number 1" in str(result.error)
    assert web.loaded().load_id is None


def test_a_load_that_came_too_late_says_what_may_be_lost(web: StreamLake) -> None:
    web.put(event("a"))
    web.loaded()
    make_older(web, timedelta(hours=30))
    web.put(event("b"))
    result = web.ingest()
    assert result.rows_loaded == 1
    assert "keeps records for 24 hours" in str(result.error)
    assert "may be lost" in str(result.error)
    assert web.loaded().load_id is None
    assert web.ids() == ["a", "b"]


def test_a_longer_retention_does_not_hide_what_was_lost_before(web: StreamLake) -> None:
    web.put(event("a"))
    web.loaded()
    make_older(web, timedelta(hours=30))
    web.client.increase_stream_retention_period(StreamName=web.stream, RetentionPeriodHours=168)
    assert "keeps records for 24 hours" in str(web.ingest().error)
    assert web.loaded().load_id is None


def test_a_quiet_stream_that_is_looked_at_looks_like_no_gap(web: StreamLake) -> None:
    web.put(event("a"))
    web.loaded()
    for _ in range(2):
        make_older(web, timedelta(hours=20))
        result = web.loaded()
        assert (result.load_id, result.rows_read) == (None, 0)
    assert len(web.records()) == 3
    web.put(event("b"))
    assert web.loaded().rows_loaded == 1


def make_older(web: StreamLake, by: timedelta) -> None:
    """Let the lake's newest record be from before: the time that it was read until, and nothing else."""
    (*_, path) = sorted((web.lake / "raw" / "_manifest").glob("*.json"))
    (record,) = json.loads(path.read_text("utf-8"))
    state = json.loads(record["cursor_after"])
    moment = datetime.fromisoformat(state["read_until"]) - by
    state["read_until"] = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    record["cursor_after"] = json.dumps(state)
    path.write_text(json.dumps([record]), encoding="utf-8")


def test_a_stream_that_was_made_anew_is_refused_until_it_is_said_what_to_do(
    web: StreamLake,
) -> None:
    web.put(event("a"), event("b"))
    web.loaded()
    web.client.delete_stream(StreamName=web.stream)
    web.create()
    web.put(event("c"))
    said = web.refused()
    assert "the stream was deleted and made anew" in said
    assert "till ingest --reload web.events" in said
    assert web.ids() == ["a", "b"]
    assert web.ingest(reload=True).error is None
    assert web.ids() == ["c"]


def test_another_stream_under_the_same_table_is_refused(web: StreamLake) -> None:
    web.put(event("a"))
    web.loaded()
    web.stream = f"other-{web.stream}"
    web.create()
    web.declare()
    assert "was loaded from arn:aws:kinesis" in web.refused()


def test_a_sequence_number_that_the_stream_does_not_know_is_told(
    web: StreamLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto.core.exceptions import JsonRESTError  # noqa: PLC0415
    from moto.kinesis.models import KinesisBackend  # noqa: PLC0415

    web.put(event("a"))
    web.loaded()

    def unknown(*_: object) -> str:
        raise JsonRESTError("InvalidArgumentException", "did not come from this stream")

    monkeypatch.setattr(KinesisBackend, "get_shard_iterator", unknown)
    said = web.refused()
    assert f"does not know where {FIRST} is to be read (after the sequence number 1)" in said


def test_a_reload_takes_the_place_of_what_was_loaded(web: StreamLake) -> None:
    web.put(event("a"), b"oops")
    web.loaded()
    web.put(event("b"))
    result = web.ingest(reload=True)
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (3, 2, 1)
    assert web.ids() == ["a", "b"]
    assert web.loaded().load_id is None
    # Also when the stream has forgotten all of it.
    web.shard(FIRST).records.clear()
    assert web.ingest(reload=True).error is None
    assert web.ids() == []


def test_latest_begins_with_what_comes_after_the_first_run(web: StreamLake) -> None:
    web.put(event("old"))
    make_records_older(web, timedelta(minutes=5))
    web.declare(initial="latest")
    first = web.loaded()
    assert (first.load_id, first.rows_read) == (None, 0)
    web.split(FIRST, MIDDLE)
    web.put(event("a"), at=LOWEST)
    web.put(event("b"), at=MIDDLE)
    assert web.loaded().rows_loaded == 2
    assert web.ids() == ["a", "b"]


def test_a_time_may_be_where_the_first_load_begins(web: StreamLake) -> None:
    web.put(event("old"))
    make_records_older(web, timedelta(hours=5))
    web.put(event("new"))
    start = datetime.now(UTC) - timedelta(hours=1)
    web.declare(initial=start.strftime("%Y-%m-%d %H:%M:%S"))
    assert web.loaded().rows_loaded == 1
    assert web.ids() == ["new"]
    web.declare(initial="2999-01-01", table={"name": "others"})
    assert "initial is in the future" in str(web.ingest().error)


def make_records_older(web: StreamLake, by: timedelta) -> None:
    for record in web.shard(FIRST).records.values():
        record.created_at_datetime -= by
        record.created_at -= by.total_seconds()


def test_limits_and_places_that_are_too_old_are_waited_out(
    web: StreamLake, trouble: Trouble
) -> None:
    web.put(*(event(f"{number}") for number in range(6)))
    trouble.most_records = 2
    throttled, expired = "ProvisionedThroughputExceededException", "ExpiredIteratorException"
    trouble.errors = [throttled, throttled, expired, throttled, expired]
    assert web.loaded().rows_loaded == 6
    trouble.errors = [throttled] * 99
    assert "is read too often (ProvisionedThroughputExceededException)" in web.refused()
    trouble.errors = []


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidSignatureException"])
def test_credentials_that_are_refused(web: StreamLake, trouble: Trouble, code: str) -> None:
    trouble.errors = [code]
    said = web.refused()
    assert f"Amazon refuses the credentials ({code})" in said
    assert "AWS_SECRET_ACCESS_KEY" in said


def test_what_is_missing_or_out_of_reach_is_one_sentence(
    web: StreamLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.declare(endpoint_url="http://127.0.0.1:9")
    assert "the stream cannot be reached (EndpointConnectionError)" in web.refused()
    web.declare(stream="nowhere")
    assert "there is no such stream" in web.refused()
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "the environment variable AWS_SECRET_ACCESS_KEY is not set" in web.refused()
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert "pip install 'tillhouse[kinesis]'" in web.refused()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stream": "a b"}, "stream: "),
        ({"region": "https://x"}, "region: "),
        ({"initial": 20240309}, "must be oldest, latest, or a time"),
        (
            {"endpoint_url": "http://me:secret@host"},  # pragma: allowlist secret
            "holds a secret in plain text",
        ),
        ({"table": {"data_selector": "data"}}, "has no data_selector"),
        ({"aws_secret_access_key": "x"}, "unknown key"),
    ],
)
def test_a_declaration_that_is_none_is_refused(
    web: StreamLake, changes: dict[str, Any], said: str
) -> None:
    web.declare(**changes)
    with pytest.raises(ConfigurationError, match=said):
        web.ingest()


def test_a_dry_run_says_from_where_it_would_read_and_asks_nothing(
    web: StreamLake, trouble: Trouble
) -> None:
    assert [(each.shard, each.since) for each in web.plan().shards] == [
        ("every shard", "from the oldest record on")
    ]
    web.put(event("a"))
    web.loaded()
    asked = trouble.asked
    assert [(each.shard, each.since) for each in web.plan().shards] == [
        (FIRST, "after the sequence number 1"),
        ("new shards", "from the oldest record on"),
    ]
    (planned,) = web.plan(reload=True).shards
    assert "takes the place of all that was loaded" in planned.since
    assert trouble.asked == asked


def test_the_example_of_the_guide_runs_and_its_staging_keeps_one_of_each(
    web: StreamLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = (
        (ROOT / "docs" / "reference" / "kinds-of-sources.md")
        .read_text("utf-8")
        .split("## Kinesis\n")[1]
    )
    block, query = guide.split("```yaml\n")[1], guide.split("```sql\n")[1]
    text = f"version: 1\nsources:\n{block.split('```')[0]}".replace("initial: latest", "")
    (web.folder / "sources.yml").write_text(text.replace("shop-events", web.stream), "utf-8")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", web.url)
    sent = {"event_id": "a", "type": "view", "detail": {"sku": "oil"}, "occurred_at": None}
    web.put(sent, sent, {**sent, "event_id": "b"})
    assert web.loaded().rows_loaded == 3
    (file,) = web.lake.glob("raw/tracking/events/*/*.parquet")
    select = query.split("```")[0].replace("{{ source('tracking', 'events') }}", f"'{file}'")
    found = duckdb.execute(f"select event_id, event_type, sku from ({select}) order by all")
    assert found.fetchall() == [("a", "view", "oil"), ("b", "view", "oil")]

    (source,) = load_sources_file(web.folder / "sources.yml", os.environ).sources
    (table,) = yaml.safe_load(source_properties(source))["sources"][0]["tables"]
    told = {each["name"] for each in table["columns"]} - {"_load_id", "_loaded_at"}
    kept = duckdb.execute(f"select * from '{file}'").description
    assert told == {each[0] for each in kept} - {"load_id"}


def test_a_window_of_days_is_refused(web: StreamLake) -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC).date()
    sources = load_sources_file(web.folder / "sources.yml", os.environ)
    with pytest.raises(ConfigurationError, match="kind kinesis has no days to choose from"):
        ingest(sources, web.lake, web.folder, window=Window(day, day), patience=HURRIED)


def changes_of(web: StreamLake, number: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.pipeline.killed_ingest", str(web.folder), str(number)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_load_killed_at_any_moment_loses_and_doubles_nothing(web: StreamLake) -> None:
    sent: list[str] = []

    def send(name: str) -> None:
        web.put(event(f"{name}1"), b"oops", event(f"{name}2"))
        sent.extend([f"{name}1", f"{name}2"])

    send("first")
    web.loaded()
    send("whole")
    whole = changes_of(web, 0)
    assert whole.returncode == 0, whole.stderr
    changes = whole.stdout.splitlines()
    (recorded,) = (n for n, change in enumerate(changes, 1) if "os.rename /raw/_manifest" in change)
    # A load after one that was killed makes more changes, never fewer.
    moments = random.Random(20260309).sample(range(2, recorded), 3)
    for moment in [*moments, recorded]:
        send(f"moment-{moment}-")
        killed = changes_of(web, moment)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    web.loaded()
    assert web.ids() == sorted(sent)
    assert len(web.rejected()) == len(sent) / 2
    assert web.loaded().load_id is None

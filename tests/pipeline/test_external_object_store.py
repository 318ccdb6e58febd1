"""A lake under s3://, on a local S3: marts written, read, replaced, built incrementally and swept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.pipeline.order_history import OrderHistory

moto_server = pytest.importorskip("moto.server")
s3fs = pytest.importorskip("s3fs")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket on a server of this test's own, and the environment that leads to it."""
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",  # pragma: allowlist secret
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("shop")
    yield "shop"
    server.stop()
    s3fs.S3FileSystem.clear_instance_cache()


def upload(folder: Path, address: str) -> None:
    """Bring what ingest wrote, and was not yet brought, to the bucket."""
    store = s3fs.S3FileSystem(use_listings_cache=False)
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        store.pipe_file(f"{address}/{file.relative_to(folder).as_posix()}", file.read_bytes())


def objects(address: str) -> set[str]:
    store = s3fs.S3FileSystem(use_listings_cache=False)
    return {str(path) for path in store.find(address)}


def rows(address: str, folder: Path) -> list[tuple[object, ...]]:
    """What any Parquet reader finds in these objects, downloaded."""
    s3fs.S3FileSystem(use_listings_cache=False).get(address, str(folder), recursive=True)
    return duckdb.execute(
        f"select order_key, day, amount from '{folder}/**/*.parquet' order by all"
    ).fetchall()


def test_incremental_marts_under_an_s3_prefix(bucket: str, tmp_path: Path) -> None:
    shop = OrderHistory.start(tmp_path / "project")
    written = shop.project.lake_path("raw")
    raw = f"s3://{bucket}/a lake/raw"
    shop.load("customers", {"c.csv": ["'ann', 'ES', 'old'"]})
    shop.load("rates", {"r.csv": ["'USD', date '2026-02-10', 0.5"]})
    shop.load("lines", {"one.csv": ["'A', 1, date '2026-01-05', 'ann', 'EUR', 10"]})
    shop.load("lines", {"two.csv": ["'B', 1, date '2026-02-10', 'bob', 'USD', 20"]})
    upload(written, raw)
    shop.project.environ |= {"TILL_LAKE": f"s3://{bucket}/a lake", "TILL_WAREHOUSE": "here.duckdb"}
    shop.build()
    first = objects(f"{bucket}/a lake/marts/order_lines")
    assert len(first) == 2

    shop.load("lines", {"fix.csv": ["'B', 1, date '2026-03-10', 'bob', 'USD', 20"]})
    upload(written, raw)
    build = shop.build()
    assert build.message("order_lines") == "1 rows in 2 touched partitions, 1 files kept"
    second = objects(f"{bucket}/a lake/marts/order_lines")
    assert len(second) == 2
    assert {path for path in first & second if "month=2026-01" in path}
    assert not any("month=2026-02" in path for path in second)

    assert rows(f"{bucket}/a lake/marts/order_lines", tmp_path / "downloaded") == [
        ("shop:A", date(2026, 1, 5), Decimal(10)),
        ("shop:B", date(2026, 3, 10), Decimal(20)),
    ]

    shop.build()
    assert objects(f"{bucket}/a lake/marts/order_lines") == second
    assert shop.build("--full-refresh").message("orders").startswith("2 rows, built whole")
    assert not objects(f"{bucket}/a lake/marts/order_lines") & second

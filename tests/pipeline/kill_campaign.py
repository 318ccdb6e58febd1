"""Run as a program: ingests that are killed at seeded moments, each made good by the next, over and over.

    python -m tests.pipeline.kill_campaign FOLDER API_URL SEED [SEED ...]

Each seed makes a shop with four kinds of sources, loads it, changes it, and ends the next one to three
ingests with SIGKILL before some change they would make to the lake. Then one ingest is left alone. Prints
one JSON object per seed: how many were really killed, and whether every row is there as often as without
any kill.
"""

from __future__ import annotations

import faulthandler
import json
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

# Imported once: each ingest runs in a fork of this process. It only imports: what DuckDB is doing in threads
# of this process at the moment of a fork, its locks among it, would stay as it is in the child for ever.
import dlt  # noqa: F401 - half of the time of an ingest
import duckdb
import pandas as pd  # noqa: F401 - DuckDB would import it in each of them

from ingest.declaration.sources_file import load_sources_file
from ingest.lake.manifest import read_manifest
from ingest.run import ingest
from tests.pipeline.killed_ingest import Killer

Rows = dict[str, list[str]]

# A forked ingest takes a second or two.
LIMIT_SECONDS = 120

SOURCES = """\
version: 1
sources:
  - name: shop
    kind: csv
    tables:
      - name: sales
        path: drops
        max_rejected: 1.0
        columns: [{name: id}, {name: amount, type: integer}]
  - name: stock
    kind: parquet
    tables:
      - name: counts
        path: stock
        columns: [{name: sku}, {name: pieces, type: integer}]
  - name: market
    kind: json
    tables:
      - name: orders
        path: market
        key: [order_id]
        max_rejected: 1.0
        columns: [{name: order_id}, {name: total, type: "decimal(18,2)"}]
        children:
          - name: orders__lines
            path: lines
            columns: [{name: sku}, {name: pieces, type: integer}]
  - name: web
    kind: rest_api
    base_url: URL
    pagination: {type: cursor, cursor_path: next_cursor, cursor_param: cursor}
    tables:
      - name: visits
        path: /visits
        data_selector: data
        key: [visit]
        cursor: {column: seen_at, param: since, lookback: 1d}
        columns: [{name: visit}, {name: seen_at, type: timestamp}]
"""


def declare(folder: Path, url: str) -> None:
    """The shop's sources, and the files of its first day."""
    for name in ("drops", "stock", "market"):
        (folder / name).mkdir(parents=True)
    text = SOURCES.replace("URL", url)
    (folder / "sources.yml").write_text(text, encoding="utf-8")
    (folder / "drops" / "a.csv").write_text("id,amount\na,1\nb,2\nx,bad\n", encoding="utf-8")
    _parquet(folder / "stock" / "1.parquet", "('S1', 3), ('S2', 4)")
    _json(folder / "market" / "1.json", [("O1", "9.50", ["S1", "S2"])])


def change(folder: Path) -> None:
    """The second day: changed files, new ones, dirty ones."""
    (folder / "drops" / "a.csv").write_text("id,amount\na,1\nb,20\nx,3\n", encoding="utf-8")
    (folder / "drops" / "b.csv").write_text("id,amount\nc,5\nc,5\ny,bad\n", encoding="utf-8")
    _parquet(folder / "stock" / "2.parquet", "('S1', 2)")
    _json(folder / "market" / "1.json", [("O1", "9.75", ["S1"]), ("O2", "x", ["S9"])])
    _json(folder / "market" / "2.json", [("O3", "1.00", ["S2", "S2"])])


def _parquet(path: Path, values: str) -> None:
    duckdb.execute(f"copy (from (values {values}) t(sku, pieces)) to '{path}' (format parquet)")


def _json(path: Path, orders: list[tuple[str, str, list[str]]]) -> None:
    records = [
        {"order_id": key, "total": total, "lines": [{"sku": sku, "pieces": 1} for sku in skus]}
        for key, total, skus in orders
    ]
    path.write_text(json.dumps(records), encoding="utf-8")


def load(folder: Path) -> None:
    """One ingest; what cannot be loaded is a failure of the campaign."""
    sources = load_sources_file(folder / "sources.yml", {})
    result = ingest(sources, folder / "lake", folder)
    assert not result.failed, result.failed


def in_a_fork(work: Callable[[], None]) -> bool:
    """Do it in a process of its own; says whether that was killed. What hangs says where."""
    child = os.fork()
    if child == 0:
        signal.alarm(LIMIT_SECONDS)
        faulthandler.dump_traceback_later(LIMIT_SECONDS - 5)
        try:
            work()
            os._exit(0)
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0, "an ingest failed"
    assert not os.WIFSIGNALED(status) or os.WTERMSIG(status) == signal.SIGKILL, "an ingest hung"
    return os.WIFSIGNALED(status)


def rows_of(shop: Path) -> Rows:
    """`rows` of the shop's lake, looked for in a fork."""
    kept = shop / "rows.json"

    def look() -> None:
        kept.write_text(json.dumps(rows(shop / "lake")), encoding="utf-8")

    in_a_fork(look)
    found: Rows = json.loads(kept.read_text(encoding="utf-8"))
    return found


def rows(lake: Path) -> Rows:
    """Every row that counts, and every rejected row, per table, as sorted texts."""
    found: Rows = {}
    records = read_manifest(lake).records
    for record in records:
        name = f"{record.source_name}.{record.table_name}"
        gone = [
            each.path
            for other in records
            if (other.source_name, other.table_name) == (record.source_name, record.table_name)
            for each in other.supersedes
            if each.load_id == record.load_id
        ]
        loaded = [str(lake / file.path) for file in record.files]
        rejected = [str(lake / file.path) for file in record.rejected_files]
        if loaded:
            found.setdefault(name, []).extend(
                _texts("t", loaded, "not list_contains($2::varchar[], _file)", gone)
            )
        if rejected:
            found.setdefault(f"rejected {name}", []).extend(
                _texts("original_text", rejected, "not list_contains($2::varchar[], file)", gone)
            )
    return {name: sorted(texts) for name, texts in sorted(found.items())}


def _texts(what: str, paths: list[str], condition: str, gone: list[str]) -> list[str]:
    query = (
        f"select cast({what} as varchar) from read_parquet($1, hive_partitioning = false) as t "
        f"where {condition}"
    )
    return [str(text) for (text,) in duckdb.execute(query, [paths, gone]).fetchall()]


def changes_of(folder: Path) -> int:
    """How many changes an ingest that is left alone makes to the lake."""
    count = folder / "changes"

    def counted() -> None:
        killer = Killer(folder / "lake", 0)
        sys.addaudithook(killer)
        load(folder)
        count.write_text(str(len(killer.seen)), encoding="utf-8")

    in_a_fork(counted)
    return int(count.read_text(encoding="utf-8"))


def campaign(folder: Path, url: str, seed: int, changes: int) -> dict[str, object]:
    """One shop, its kills, and what is in the lake in the end."""
    shop = folder / f"seed-{seed}"
    in_a_fork(lambda: declare(shop, url))
    chance = random.Random(seed)
    if chance.random() < 0.7:  # else the first load of all is killed
        in_a_fork(lambda: load(shop))
    in_a_fork(lambda: change(shop))
    moments = [chance.randint(1, changes) for _ in range(chance.choice([1, 1, 2, 3]))]
    killed = 0
    for moment in moments:

        def deadly(moment: int = moment) -> None:
            sys.addaudithook(Killer(shop / "lake", moment))
            load(shop)

        killed += in_a_fork(deadly)
    in_a_fork(lambda: load(shop))
    return {"seed": seed, "moments": moments, "killed": killed, "rows": rows_of(shop)}


def main() -> None:
    folder, url = Path(sys.argv[1]), sys.argv[2]
    alone = folder / "alone"
    in_a_fork(lambda: declare(alone, url))
    in_a_fork(lambda: load(alone))
    in_a_fork(lambda: change(alone))
    changes = changes_of(alone)
    expected = rows_of(alone)
    sys.stdout.write(json.dumps({"changes": changes, "rows": expected}) + "\n")
    for seed in sys.argv[3:]:
        found = campaign(folder, url, int(seed), changes)
        found["same"] = found.pop("rows") == expected
        sys.stdout.write(json.dumps(found) + "\n")
        shutil.rmtree(folder / f"seed-{seed}")


if __name__ == "__main__":
    main()

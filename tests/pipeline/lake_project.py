"""A small dbt project in a temporary folder, with the repository's macros and a lake written by hand."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from till.warehouse_plugin import Plugin

REPOSITORY = Path(__file__).resolve().parents[2]

PROJECT = """
name: small
version: "1.0"
profile: small
macro-paths: ["{macros}"]
flags: {{send_anonymous_usage_stats: false}}
vars: {{active_sources: [shop]}}
on-run-start: ["{{{{ make_raw_views() }}}}"]
models: {{small: {{+materialized: external, +schema: marts}}}}
seeds: {{small: {{+schema: seeds}}}}
"""

PROFILE = """
small:
  target: lake
  outputs:
    lake: &lake
      type: duckdb
      path: "{{ env_var('TILL_WAREHOUSE', env_var('TILL_LAKE', 'lake') ~ '/warehouse.duckdb') }}"
      threads: 2
      settings: {TimeZone: UTC}
      plugins: [{module: till.warehouse_plugin}]
    ci: *lake
"""


# Runs dbt and kills it, as kill -9 does, at a file operation of the marts: before it, after it, or (for
# make_folder, which comes just before Parquet is written) as soon as a half-written file is there.
KILLED = """
import os, signal, sys, threading
from pathlib import Path
from dbt.cli.main import dbtRunner
from till import warehouse_plugin as plugin

moment, action, needle = sys.argv[1:4]
original = plugin._ACTIONS[action]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def wait_for_a_file(folder):
    while not any(path.is_file() and path.stat().st_size for path in Path(folder).rglob("*")):
        pass
    die()

def killed(*arguments):
    if needle not in str(arguments):
        return original(*arguments)
    if moment == "before":
        die()
    answer = original(*arguments)
    if moment == "after":
        die()
    threading.Thread(target=wait_for_a_file, args=arguments, daemon=True).start()
    return answer

plugin._ACTIONS[action] = killed
dbtRunner().invoke(sys.argv[4:])
"""


@contextmanager
def query_threads(threads: int) -> Iterator[None]:
    """Let a query have so many threads in builds of this process.

    dbt's `--threads` are how many models are built at once; DuckDB takes all cores for each of them.
    """
    prepare = Plugin.configure_connection

    def prepared(plugin: Plugin, connection: duckdb.DuckDBPyConnection) -> None:
        prepare(plugin, connection)
        connection.execute(f"set threads = {threads}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Plugin, "configure_connection", prepared)
        yield


@dataclass(frozen=True)
class NodeResult:
    """What became of one model or test, as dbt says it."""

    status: str
    message: str


@dataclass(frozen=True)
class Build:
    """One dbt invocation."""

    succeeded: bool
    nodes: Mapping[str, NodeResult]
    error: str

    def message(self, name: str) -> str:
        return self.nodes[name].message


@dataclass
class LakeProject:
    """`folder` holds the project and, unless `lake` says otherwise, the lake.

    A folder with a project in it, as copy_project makes one, keeps that; an empty one gets a small one.
    """

    folder: Path
    lake: str = "lake"
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.folder / "dbt_project.yml").exists():
            return
        (self.folder / "models").mkdir(parents=True)
        macros = (REPOSITORY / "macros").as_posix()
        self.write("dbt_project.yml", PROJECT.format(macros=macros))
        self.write("profiles.yml", PROFILE)

    def copy_to(self, folder: Path) -> LakeProject:
        """The same project with all that was built in it, in another folder: cheaper than building."""
        shutil.copytree(self.folder, folder)
        copied = copy.copy(self)
        copied.folder = folder
        return copied

    def write(self, path: str, text: str) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def model(self, name: str, sql: str, **config: object) -> None:
        options = ", ".join(f"{option}={value!r}" for option, value in config.items())
        header = f"{{{{ config({options}) }}}}\n" if options else ""
        self.write(f"models/{name}.sql", header + sql)

    def properties(self, name: str, document: object) -> None:
        """A properties file; JSON is YAML."""
        self.write(f"models/{name}.yml", json.dumps(document))

    def source(self, source: str, tables: Mapping[str, Mapping[str, str]]) -> None:
        """Declare a source as the generated files do: tables with the type of each column."""
        self.properties(
            f"_{source}__sources",
            {
                "sources": [
                    {
                        "name": source,
                        "schema": f"raw_{source}",
                        "config": {"enabled": f"{{{{ '{source}' in var('active_sources') }}}}"},
                        "tables": [
                            {
                                "name": table,
                                "columns": [
                                    {"name": name, "data_type": data_type}
                                    for name, data_type in columns.items()
                                ],
                            }
                            for table, columns in tables.items()
                        ],
                    }
                ]
            },
        )

    def lake_path(self, path: str = "") -> Path:
        return self.folder / self.lake / path

    def load(
        self,
        source: str,
        table: str,
        load_id: str,
        rows: str,
        *,
        inputs: Sequence[str] = (),
        supersedes: Sequence[tuple[str, str]] = (),
        rejected: str | None = None,
        replayed: str | None = None,
        added: Sequence[str] = (),
        committed: bool = True,
    ) -> dict[str, Any]:
        """Write a load as ingest does: its Parquet, then its record. `rows` is a query with `_file`."""
        files = self._parquet(f"raw/{source}/{table}/load_id={load_id}", "data.parquet", rows)
        rejects = (
            self._parquet(f"rejected/{source}/{table}/load_id={load_id}", "data.parquet", rejected)
            if rejected
            else []
        )
        replays = (
            self._parquet(
                f"rejected/{source}/{table}/load_id={load_id}", "replayed.parquet", replayed
            )
            if replayed
            else []
        )
        with duckdb.connect() as connection:
            described = connection.execute(f"describe {rows}").fetchall()
        loaded = sum(file["rows"] for file in files)
        rejected_rows = sum(file["rows"] for file in rejects)
        record = {
            "version": 1,
            "load_id": load_id,
            "source_name": source,
            "table_name": table,
            "kind": "csv",
            "started_at": "2026-11-20T22:00:00.123456Z",
            "finished_at": "2026-11-20T22:00:01.5Z",
            "window_start": None,
            "window_end": None,
            "cursor_before": None,
            "cursor_after": None,
            "rows_read": loaded + rejected_rows,
            "rows_loaded": loaded,
            "rows_rejected": rejected_rows,
            "bytes_read": 10,
            "files": files,
            "rejected_files": rejects,
            "inputs": [
                {"path": path, "sha256": "0", "bytes": 1}
                | {"rows_read": 0, "rows_loaded": 0, "rows_rejected": 0}
                for path in inputs
            ],
            "supersedes": [{"load_id": old, "path": path} for old, path in supersedes],
            **({"replayed_files": replays} if replays else {}),
            **({"added": [{"name": name, "header": name} for name in added]} if added else {}),
            "schema": [{"name": row[0], "type": row[1]} for row in described],
        }
        if committed:
            self.commit(record)
        return record

    def commit(self, record: dict[str, Any]) -> None:
        name = f"{record['load_id']}.{record['source_name']}.{record['table_name']}.json"
        folder = self.lake_path("raw/_manifest")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps([record]), encoding="utf-8")

    def _parquet(self, folder: str, name: str, rows: str) -> list[dict[str, Any]]:
        path = self.lake_path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        target = str(path).replace("'", "''")
        with duckdb.connect() as connection:
            count = connection.execute(
                f"copy ({rows}) to '{target}' (format parquet, compression zstd)"
            ).fetchall()[0][0]
        content = path.read_bytes()
        return [
            {
                "path": f"{folder}/{name}",
                "rows": count,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        ]

    def dbt(self, *arguments: str) -> Build:
        """Run dbt in this process: start-up takes seconds in one of its own."""
        options = ["--log-level", "none", "--no-use-colors"]
        if arguments[0] not in ("docs", "parse"):
            options.append("--no-write-json")
        with self._surroundings():
            result = dbtRunner().invoke([*arguments, *options])
            close: Callable[[], None] = DuckDBConnectionManager.close_all_connections
            close()  # else the file stays locked
        nodes = {
            run.node.name: NodeResult(str(run.status), run.message or "")
            for run in getattr(result.result, "results", ())
            if getattr(run, "node", None) is not None
        }
        return Build(bool(result.success), nodes, str(result.exception or ""))

    def succeed(self, *arguments: str) -> Build:
        """Run dbt, which must succeed; what failed is told."""
        build = self.dbt(*arguments)
        told = [f"{name}: {node.message}" for name, node in build.nodes.items()]
        assert build.succeeded, "\n".join([build.error, *told])
        return build

    def kill_dbt(self, moment: str, action: str, needle: str, *arguments: str) -> None:
        """Run dbt in a process of its own and kill it `before`, `after` or `during` a file operation.

        `action` is one of till/warehouse_plugin.py, and `needle` a part of its arguments.
        """
        died = subprocess.run(
            [sys.executable, "-c", KILLED, moment, action, needle, *arguments],
            cwd=self.folder,
            env={**os.environ, **self._environment()},
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert died.returncode == -signal.SIGKILL, died.stdout.decode()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse as a person would who opens it in the project's folder."""
        with (
            self._surroundings(),
            duckdb.connect(str(self.warehouse), read_only=True) as connection,
        ):
            return connection.execute(sql).fetchall()

    @property
    def warehouse(self) -> Path:
        named = self.environ.get("TILL_WAREHOUSE")
        return self.folder / named if named else self.lake_path("warehouse.duckdb")

    def files(self, pattern: str = "marts/**/*") -> list[str]:
        lake = self.lake_path()
        return sorted(p.relative_to(lake).as_posix() for p in lake.glob(pattern) if p.is_file())

    def _environment(self) -> dict[str, str]:
        return {"TILL_LAKE": self.lake, "PYTHONPATH": str(REPOSITORY), **self.environ}

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        folder, environ = Path.cwd(), dict(os.environ)
        os.environ.update(self._environment())
        os.chdir(self.folder)
        try:
            yield
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environ)

"""The demo's shop, loaded in two steps or at once: the same orders and lines, and only new months written."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import ROOT, Till, copy_project

BUILD = ["build", "--select", "+fct_orders", "--exclude-resource-type", "test", "unit_test"]
# What is loaded later: December, and some of long before that was forgotten.
LATE = {
    "shop.purchases": "regexp_matches(purchase_date, '^2025-12|/12/2025|^Dec .* 2025')"
    " or hash(receipt_no) % 8000 = 0",
    "shop.clients": "hash(client_id) % 1000 = 0",
    "webshop.customers": "updated_at >= timestamp '2025-12-01'",
    "webshop.products": "false",
    "webshop.orders": "updated_at >= timestamp '2025-12-01'",
    "webshop.orders__lines": "updated_at >= timestamp '2025-12-01'",
    "webshop.exchange_rates": "rate_date >= date '2025-12-01'",
    "webshop.events": "true",
}


@dataclass(frozen=True)
class Shops:
    """Two projects with the same raw rows, and the mart files of the second after its first step."""

    at_once: Path
    in_two_steps: Path
    after_first_step: dict[str, dict[str, tuple[str, int]]]


def mart_files(project: Path) -> dict[str, dict[str, tuple[str, int]]]:
    """Per mart and month: the file's name and when it was written, in nanoseconds."""
    return {
        mart: {
            path.parent.name[-10:-3]: (path.name, path.stat().st_mtime_ns)
            for path in sorted((project / "lake/marts" / mart).glob("*/*.parquet"))
        }
        for mart in ("fct_order_lines", "fct_orders")
    }


def split_loads(lake: Path) -> list[list[dict[str, Any]]]:
    """Cut each load of `lake` in two; its records then name the earlier rows. Gives the later records."""
    later = []
    for path in sorted((lake / "raw/_manifest").glob("*.json")):
        records = json.loads(path.read_text())
        late = [cut(lake, record) for record in records]
        path.write_text(json.dumps(records))
        later.append([record for record in late if record["files"]])
    return [records for records in later if records]


def cut(lake: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Take the late rows out of the record's file, into a file of a load a day later."""
    table = f"{record['source_name']}.{record['table_name']}"
    load_id = f"{float(record['load_id']) + 86400:.6f}"
    late = {**record, "load_id": load_id, "files": [], "rejected_files": []}
    for file in record["files"]:
        source = lake / file["path"]
        condition = LATE[table]
        moved = str(file["path"]).replace(f"={record['load_id']}/", f"={late['load_id']}/")
        rows = f"select * from read_parquet('{source}', hive_partitioning = false)"
        write(lake, f"{rows} where {condition}", late["files"], moved)
        kept: list[dict[str, Any]] = []
        write(lake, f"{rows} where not ({condition})", kept, f"{file['path']}.kept")
        (lake / f"{file['path']}.kept").replace(source)
        file.update({**kept[0], "path": file["path"]})
    return late


def write(lake: Path, rows: str, files: list[dict[str, Any]], path: str) -> None:
    (lake / path).parent.mkdir(parents=True, exist_ok=True)
    count = duckdb.execute(f"copy ({rows}) to '{lake / path}' (format parquet)").fetchall()[0][0]
    content = (lake / path).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    files.append({"path": path, "rows": count, "bytes": len(content), "sha256": digest})


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory, till: Till, dbt: Till) -> Shops:
    def succeed(command: Till, project: Path, *arguments: str) -> None:
        done = command(project, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    at_once = copy_project(tmp_path_factory.mktemp("at_once") / "project")
    succeed(till, at_once, "ingest")
    in_two_steps = tmp_path_factory.mktemp("in_two_steps") / "project"
    shutil.copytree(at_once, in_two_steps)
    succeed(dbt, at_once, *BUILD)

    later = split_loads(in_two_steps / "lake")
    succeed(dbt, in_two_steps, *BUILD)
    after_first_step = mart_files(in_two_steps)
    for records in later:
        name = "{load_id}.{source_name}.{table_name}.json".format(**records[0])
        (in_two_steps / "lake/raw/_manifest" / name).write_text(json.dumps(records))
    succeed(dbt, in_two_steps, *BUILD)
    return Shops(at_once, in_two_steps, after_first_step)


def rows_of(project: Path, mart: str) -> str:
    files = project / "lake/marts" / mart / "*/*.parquet"
    return f"(select * from read_parquet('{files}', hive_partitioning = false))"


@pytest.mark.parametrize("mart", ["fct_order_lines", "fct_orders"])
def test_two_steps_give_the_rows_of_one(shops: Shops, mart: str) -> None:
    one, two = rows_of(shops.at_once, mart), rows_of(shops.in_two_steps, mart)
    assert duckdb.sql(f"select count(*) > 20000 from {one}").fetchall() == [(True,)]
    assert (
        duckdb.sql(
            f"(from {one} except all from {two}) union all (from {two} except all from {one})"
        ).fetchall()
        == []
    )


@pytest.mark.parametrize("mart", ["fct_order_lines", "fct_orders"])
def test_months_that_nothing_late_belongs_to_keep_their_file(shops: Shops, mart: str) -> None:
    before, now = shops.after_first_step[mart], mart_files(shops.in_two_steps)[mart]
    kept = {month for month, file in now.items() if before.get(month) == file}
    assert len(kept) >= 6
    assert "2025-12" not in kept
    assert min(set(now) - kept) < "2025-11", "nothing of long before was touched"
    for month in kept:
        files = [
            (project / "lake/marts" / mart) / f"order_month={month}-01" / "*.parquet"
            for project in (shops.at_once, shops.in_two_steps)
        ]
        counts = [duckdb.sql(f"select count(*) from '{path}'").fetchall() for path in files]
        assert counts[0] == counts[1]


def test_the_mart_names_every_column_that_it_takes_from_a_lookup() -> None:
    """What a lookup's columns leave out is not noticed when it changes: macros/README.md."""
    lines = (ROOT / "models/intermediate/int_order_lines_unioned.sql").read_text()
    config = (ROOT / "models/marts/core/fct_order_lines.sql").read_text()
    for lookup in ("int_customers_unioned", "int_exchange_rates_filled"):
        (selected,) = re.findall(rf"select\n([^()]*?)\s+from {{{{ ref\('{lookup}'\) }}}}", lines)
        (named,) = re.findall(rf"'{lookup}': {{([^}}]*)}}", config)
        listed = set(re.findall(r"'(\w+)'", named)) - {"keys", "columns"}
        assert {column.strip() for column in selected.split(",")} == listed

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
from ruamel.yaml import YAML

from tests.conftest import ROOT, Till, copy_project
from tests.parsed_projects import ParsedProjects

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
    "webshop.events": "occurred_at >= timestamp '2025-12-01' or hash(event_id) % 10000 = 0",
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
        for mart in ("fct_order_lines", "fct_orders", "fct_events")
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
def shops(
    tmp_path_factory: pytest.TempPathFactory, demo_project: Path, dbt: Till, parsed: ParsedProjects
) -> Shops:
    project = copy_project(tmp_path_factory.mktemp("in_two_steps") / "project")
    parsed.lend("demo", project)
    for part in ("raw", "rejected"):
        shutil.copytree(demo_project / "lake" / part, project / "lake" / part)
    later = split_loads(project / "lake")
    build(project, dbt)
    after_first_step = mart_files(project)
    for records in later:
        name = "{load_id}.{source_name}.{table_name}.json".format(**records[0])
        (project / "lake/raw/_manifest" / name).write_text(json.dumps(records))
    build(project, dbt)
    return Shops(demo_project, project, after_first_step)


def build(project: Path, dbt: Till) -> None:
    done = dbt(
        project,
        "build",
        "--select",
        "+fct_orders",
        "+fct_events",
        "--exclude-resource-type",
        "test",
        "unit_test",
        environ={"TILL_LAKE": "lake"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def rows_of(project: Path, mart: str) -> str:
    files = project / "lake/marts" / mart / "*/*.parquet"
    return f"(select * from read_parquet('{files}', hive_partitioning = false))"


@pytest.mark.parametrize("mart", ["fct_order_lines", "fct_orders", "fct_events"])
def test_two_steps_give_the_rows_of_one(shops: Shops, mart: str) -> None:
    one, two = rows_of(shops.at_once, mart), rows_of(shops.in_two_steps, mart)
    assert duckdb.sql(f"select count(*) > 20000 from {one}").fetchall() == [(True,)]
    assert (
        duckdb.sql(
            f"(from {one} except all from {two}) union all (from {two} except all from {one})"
        ).fetchall()
        == []
    )


@pytest.mark.parametrize("mart", ["fct_order_lines", "fct_orders", "fct_events"])
def test_months_that_nothing_late_belongs_to_keep_their_file(shops: Shops, mart: str) -> None:
    before, now = shops.after_first_step[mart], mart_files(shops.in_two_steps)[mart]
    kept = {month for month, file in now.items() if before.get(month) == file}
    assert len(kept) >= 6
    assert "2025-12" not in kept
    assert min(set(now) - kept) < "2025-11", "nothing of long before was touched"
    for month in kept:
        files = [
            (project / "lake/marts" / mart) / f"*_month={month}-01" / "*.parquet"
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


@pytest.mark.parametrize("source", ["shop", "webshop"])
def test_raw_rows_tell_the_order_key_that_the_mart_has(demo_project: Path, source: str) -> None:
    """Else a new row of an order would not be seen to touch it."""
    variables = yaml_variables(ROOT / "dbt_project.yml")["order_key_of_raw_rows"]
    lines = rows_of(demo_project, "fct_order_lines")
    for table, order_key in variables[source].items():
        raw = demo_project / "lake/raw" / source / table / "*/*.parquet"
        unknown = duckdb.sql(
            f"select order_key from {lines} where source_name = '{source}' "
            f"except select {order_key} from read_parquet('{raw}', hive_partitioning = false)"
        ).fetchall()
        assert unknown == []


def test_raw_rows_tell_the_event_key_that_the_mart_has(demo_project: Path) -> None:
    variables = yaml_variables(ROOT / "dbt_project.yml")["event_key_of_raw_rows"]
    raw = demo_project / "lake/raw/webshop/events/*/*.parquet"
    unknown = duckdb.sql(
        f"select event_key from {rows_of(demo_project, 'fct_events')} where source_name = 'webshop' "
        f"except select {variables['webshop']['events']} "
        f"from read_parquet('{raw}', hive_partitioning = false)"
    ).fetchall()
    assert unknown == []


def yaml_variables(path: Path) -> dict[str, Any]:
    document = YAML(typ="safe").load(path.read_text())
    variables: dict[str, Any] = document["vars"]
    return variables

"""What dbt reads in the generated sources is what the sources file declares, whatever the texts are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from yamllint import linter
from yamllint.config import YamlLintConfig

from ingest.dbt_sources import source_properties
from ingest.declaration.sources_file import SourcesFile
from tests.conftest import ROOT
from tests.pipeline.lake_project import LakeProject
from till.generated_files import drifted_files
from till.project import Project

ODD_TEXTS = [
    "{{ var('x') }} and {% if %} and {# note #} and }} and {{{",
    'The client\'s "card": empty, for a walk-in # not a comment',
    "yes",
    "1e3",
    "2024-03-09",
    "- a dash; [brackets] {braces} & *stars* !bang %percent @at `tick`",
    "two\nlines,  two spaces ",
    "café 日本 🧀 \\n \\",
    "a long text, which is folded, " * 20,
    "https://shop.example/" + "x" * 250,
    "'",
    "null",
]


def declared() -> SourcesFile:
    columns = [
        {"name": f"column_{number}", "type": "decimal(18,4)", "description": text}
        for number, text in enumerate(ODD_TEXTS)
    ]
    words = [{"name": name} for name in ("yes", "on", "null", "order", "y")]
    return SourcesFile.model_validate(
        {
            "version": 1,
            "sources": [
                {
                    "name": "shop",
                    "kind": "csv",
                    "description": ODD_TEXTS[0],
                    "freshness_days": None,
                    "tables": [
                        {
                            "name": "on",
                            "path": "drops",
                            "description": ODD_TEXTS[0],
                            "columns": columns + words,
                        }
                    ],
                },
                {
                    "name": "webshop",
                    "kind": "rest_api",
                    "base_url": "http://127.0.0.1:1",
                    "freshness_days": 0.5,
                    "tables": [
                        {
                            "name": "orders",
                            "path": "/orders",
                            "key": ["order_id"],
                            "cursor": {"column": "updated_at", "param": "since"},
                            "columns": [
                                {"name": "order_id", "description": "Its number."},
                                {"name": "updated_at", "type": "timestamp"},
                            ],
                            "children": [
                                {
                                    "name": "orders__lines",
                                    "path": "lines",
                                    "columns": [{"name": "quantity", "type": "integer"}],
                                }
                            ],
                        }
                    ],
                },
                {
                    "name": "market",
                    "kind": "csv",
                    "tables": [{"name": "sales", "path": "m", "columns": [{"name": "id"}]}],
                },
            ],
        }
    )


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {source.name: source_properties(source) for source in declared().sources}


@pytest.fixture(scope="module")
def as_dbt_reads(
    texts: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """The source tables in dbt's manifest, parsed twice: the second time from what dbt kept."""
    project = LakeProject(tmp_path_factory.mktemp("parsed") / "small")
    for name, text in texts.items():
        project.write(f"models/staging/{name}/_{name}__sources.yml", text)
    project.model("totals", "select 1 as one")
    active = ["--vars", "{active_sources: [shop, webshop]}"]
    assert project.dbt("parse", *active).succeeded
    project.model("totals", "select 2 as one")
    assert project.dbt("parse", *active).succeeded
    manifest = json.loads((project.folder / "target" / "manifest.json").read_text("utf-8"))
    return {f"{each['source_name']}.{each['name']}": each for each in manifest["sources"].values()}


def columns_of(table: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["name"], each["data_type"]) for each in table["columns"].values()]


ADDED = [("_file", "VARCHAR"), ("_load_id", "VARCHAR"), ("_loaded_at", "TIMESTAMP")]


def test_every_description_survives_whole(as_dbt_reads: dict[str, dict[str, Any]]) -> None:
    table = as_dbt_reads["shop.on"]
    described = [table["columns"][f"column_{n}"]["description"] for n in range(len(ODD_TEXTS))]
    assert described == ODD_TEXTS
    assert table["description"] == table["source_description"] == ODD_TEXTS[0]


def test_names_that_yaml_takes_for_something_else_stay_names(
    as_dbt_reads: dict[str, dict[str, Any]],
) -> None:
    names = [name for name, _ in columns_of(as_dbt_reads["shop.on"])]
    assert names[len(ODD_TEXTS) :] == ["yes", "on", "null", "order", "y", *(n for n, _ in ADDED)]


def test_children_carry_the_key_and_cursor_of_their_parent(
    as_dbt_reads: dict[str, dict[str, Any]],
) -> None:
    assert columns_of(as_dbt_reads["webshop.orders__lines"]) == [
        ("quantity", "BIGINT"),
        ("order_id", "VARCHAR"),
        ("updated_at", "TIMESTAMP"),
        ("_list_index", "BIGINT"),
        *ADDED,
    ]
    inherited = as_dbt_reads["webshop.orders__lines"]["columns"]["order_id"]
    assert inherited["description"] == "Its number."


def test_freshness_and_schema_follow_the_declaration(
    as_dbt_reads: dict[str, dict[str, Any]],
) -> None:
    orders, sales = as_dbt_reads["webshop.orders"], as_dbt_reads["shop.on"]
    assert orders["freshness"]["warn_after"] == {"count": 720, "period": "minute"}
    assert orders["loaded_at_field"] == "_loaded_at"
    assert sales["freshness"] is None
    assert (orders["schema"], sales["schema"]) == ("raw_webshop", "raw_shop")


def test_a_source_that_is_not_active_is_disabled(as_dbt_reads: dict[str, dict[str, Any]]) -> None:
    assert sorted(as_dbt_reads) == ["shop.on", "webshop.orders", "webshop.orders__lines"]


def test_the_text_passes_the_repositorys_yamllint(texts: dict[str, str]) -> None:
    config = YamlLintConfig(file=str(ROOT / ".yamllint"))
    found = [problem for text in texts.values() for problem in linter.run(text, config)]
    assert found == []


def test_the_text_says_that_it_is_generated_and_is_the_same_each_time(
    texts: dict[str, str],
) -> None:
    again = {source.name: source_properties(source) for source in declared().sources}
    assert again == texts
    for text in texts.values():
        assert text.startswith("# Generated from the sources file")
        assert "`till generate`" in text.splitlines()[0]
        assert yaml.safe_load(text)["version"] == 2


def test_the_committed_files_follow_from_the_sources_files() -> None:
    assert drifted_files(Project(ROOT, Path("lake"))) == []


def test_generating_needs_no_variable_to_be_set(tmp_path: Path) -> None:
    (tmp_path / "ingest").mkdir()
    (tmp_path / "reports").symlink_to(ROOT / "reports")
    (tmp_path / "ingest" / "sources.yml").write_text(
        "version: 1\nsources:\n  - name: webshop\n    kind: rest_api\n    base_url: ${SHOP_URL}/${SHOP}\n"
        '    auth: {type: bearer, token: "${SHOP_TOKEN}"}\n'
        "    tables: [{name: orders, path: /orders, columns: [{name: id}]}]\n",
        encoding="utf-8",
    )
    drifted = drifted_files(Project(tmp_path, tmp_path / "lake"))
    assert Path("models/staging/webshop/_webshop__sources.yml") in drifted

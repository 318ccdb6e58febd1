"""The sources file and dbt_project.yml with a new source: all else stays, or a sentence says why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from configuration.errors import ConfigurationError
from ingest.profile.proposal import ProposedColumn, ProposedSource, ProposedTable
from tests.conftest import ROOT
from till.add_source.project_file import Named, with_named
from till.add_source.sources_block import read_declared, with_source

NEW = ProposedSource(
    "market",
    "csv",
    (ProposedTable("sales", "data/märkt: a", (ProposedColumn("a", "A, b", "text"),), rows_seen=1),),
)
OTHER = "  - {name: b, kind: csv, tables: [{name: t, path: b.csv, columns: [{name: x}]}]}\n"
PLAIN = f"""\
# Ours.
version: 1
sources:
  # The first.
  - name: a   # an old one
    kind: csv
    tables: [{{name: t, path: a.csv, columns: [{{name: x}}]}}]
{OTHER}"""


def edited(tmp_path: Path, text: str, source: ProposedSource = NEW, **options: object) -> str:
    path = tmp_path / "sources.yml"
    path.write_text(text, encoding="utf-8")
    settings = {"reporting_currency": "EUR"}
    without_demo = bool(options.get("without_demo", False))
    return with_source(read_declared(path), source, without_demo=without_demo, settings=settings)


def names(text: str) -> list[str]:
    return [each["name"] for each in YAML(typ="safe").load(text)["sources"]]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.rstrip("\n"),
        PLAIN.replace("\n  ", "\n"),  # the list is not indented
        PLAIN.replace("\n  ", "\n      "),  # or more than usual
        PLAIN + "\n\n# Settings.\nvars: {reporting_currency: USD}\n",
        PLAIN + "# The end.\n",
    ],
    ids=["plain", "no line end", "not indented", "indented more", "a key after it", "a comment"],
)
def test_a_source_stands_at_the_end_of_the_list_and_all_else_stays(
    tmp_path: Path, text: str
) -> None:
    after = edited(tmp_path, text)
    assert names(after) == ["a", "b", "market"]
    for line in text.splitlines():
        assert line in after.splitlines()
    (table,) = YAML(typ="safe").load(after)["sources"][2]["tables"]
    assert table["path"] == "data/märkt: a"
    assert table["columns"] == [{"name": "a", "header": "A, b"}]


def test_a_source_of_that_name_is_replaced_where_it_stands(tmp_path: Path) -> None:
    again = ProposedSource("a", NEW.kind, NEW.tables)
    after = edited(tmp_path, PLAIN, again)
    assert names(after) == ["a", "b"]
    assert "a.csv" not in after
    assert OTHER in after


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nsources: [{name: a, kind: csv, tables: "
        "[{name: t, path: a.csv, columns: [{name: x}]}]}]\n",
        PLAIN.replace("version: 1", "version: 2"),
    ],
    ids=["flow style", "not valid"],
)
def test_a_file_that_cannot_be_added_to_is_told_with_what_to_write(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        edited(tmp_path, text)
    assert "is written in a way that cannot be added to" in str(error.value)
    assert "  - name: market\n    kind: csv\n" in str(error.value)


def test_the_demo_goes_with_its_sources_and_its_comments(tmp_path: Path) -> None:
    demo = (ROOT / "ingest" / "sources.yml").read_text(encoding="utf-8")
    after = edited(tmp_path, demo, without_demo=True)
    assert names(after) == ["market"]
    assert YAML(typ="safe").load(after)["vars"] == {"reporting_currency": "EUR"}
    assert "demo" not in after
    assert after.startswith("# yaml-language-server: $schema=sources.schema.json\n")


NAMED = Named(
    "market",
    ["shop", "market"],
    {"order_lines": ["stg_market__sales"]},
    {"sales": "'market:' || trim(ticket)"},
    False,
    {},
)


def test_dbt_is_told_of_the_source_in_each_place() -> None:
    text = (ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    after = with_named(text, NAMED)
    document = YAML(typ="safe").load(after)
    assert document["vars"]["active_sources"] == ["shop", "market"]
    staging = document["models"]["tillhouse"]["staging"]
    assert staging["market"]["+enabled"] == "{{ 'market' in var('active_sources', ['market']) }}"
    assert staging["webshop"]["+enabled"] == "{{ 'webshop' in var('active_sources', []) }}"
    comments = [line for line in text.splitlines() if "#" in line]
    assert [line for line in after.splitlines() if "#" in line] == comments
    again = with_named(after, NAMED)
    assert again == after, "a second time changes nothing"


def test_a_project_file_without_the_places_is_told() -> None:
    text = (ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    flow = text.replace("    order_lines:\n", "    order_lines: {}\n")
    with pytest.raises(ConfigurationError, match="shows each place"):
        with_named(text.replace("conforming_models:", "others:"), NAMED)
    with pytest.raises(ConfigurationError, match="cannot be added to"):
        with_named(flow, NAMED)

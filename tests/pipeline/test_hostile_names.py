"""What stands in YAML or in a file's name is only ever text: never SQL, never a path to somewhere else."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from jinja2.sandbox import SandboxedEnvironment

from configuration.errors import ConfigurationError
from ingest.dbt_sources import source_properties
from ingest.declaration.sources_file import SourcesFile, load_sources_file
from ingest.dry_run import plan
from ingest.lake.manifest import read_manifest
from ingest.run import ingest
from tests.pipeline.csv_shop import CsvShop

PIECES = [
    *(
        "'",
        '"',
        "''",
        '"";',
        "; drop table x; --",
        "/*",
        "*/",
        "')",
        '")',
        "$1",
        "?",
        "%",
        "%s",
        "\\",
    ),
    *(
        "{",
        "}",
        "{{",
        "}}",
        "{% raw %}",
        "{#",
        "${",
        "$$",
        "`",
        "*",
        "[",
        "]",
        "[a]",
        "~",
        "..",
        "|",
    ),
    *(
        "union all select 42",
        "select",
        "null",
        "é",
        "日本",
        "🧀",
        " ",
        "\t",
        "&",
        "#",
        ": ",
        "- ",
        "!",
        "@",
    ),
]


def nasty(seeded: random.Random, without: str = "") -> str:
    """A text made of what SQL, Jinja, YAML, globs and shells take for their own."""
    text = "".join(seeded.choices(PIECES, k=seeded.randint(1, 6)))
    return "".join(letter for letter in f"x{text}x" if letter not in without)


def load(folder: Path, document: dict[str, Any]) -> list[Any]:
    file = folder / "sources.yml"
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return list(ingest(load_sources_file(file, {}), folder / "lake", folder).tables)


def rows(lake: Path, source: str) -> list[tuple[Any, ...]]:
    records = read_manifest(lake).of_table(source, "rows")
    paths = [str(lake / file.path) for record in records for file in record.files]
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select id, odd, _file from read_parquet({paths!r}, hive_partitioning = false) order by id"
        )
        return list(found.fetchall())


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_files_and_headers_are_called_the_rows_are_theirs(
    seed: int, tmp_path: Path
) -> None:
    seeded = random.Random(seed)
    sources, expected = [], {}
    for kind in ("csv", "json", "parquet"):
        folder = kind + nasty(seeded, without="/\\*?[]").replace("..", "")
        name, header, value = (nasty(seeded, without=each) for each in ("/\\", '"\\\t.\n', "\t"))
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / f"{name}.{kind}"
        quoted = header.replace("'", "''"), value.replace("'", "''")
        if kind == "csv":
            cells = [[json_like(header), "id"], [json_like(value), "1"], [json_like(value), "2"]]
            path.write_text("".join(f"{a},{b}\n" for a, b in cells), encoding="utf-8")
        elif kind == "json":
            path.write_text(json.dumps([{"id": n, header: value} for n in (1, 2)]), "utf-8")
        else:
            odd = '"' + header.replace('"', '""') + '"'
            duckdb.execute(
                f"copy (select id, '{quoted[1]}' as {odd} from (values (1), (2)) as t (id)) "
                f"to '{str(path).replace(chr(39), chr(39) * 2)}' (format parquet)"
            )
        column = {"name": "odd", "header": header, "description": nasty(seeded)}
        table = {"name": "rows", "path": folder, "columns": [{"name": "id"}, column]}
        sources.append({"name": f"of_{kind}", "kind": kind, "tables": [table]})
        expected[f"of_{kind}"] = [(n, value, f"{folder}/{name}.{kind}") for n in ("1", "2")]
    for result in load(tmp_path, {"version": 1, "sources": sources}):
        assert result.error is None, str(result.error)
    assert {source: rows(tmp_path / "lake", source) for source in expected} == expected


def json_like(text: str) -> str:
    """A cell in quotes."""
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize("seed", range(20))
def test_names_are_checked_wherever_they_stand(seed: int, tmp_path: Path) -> None:
    seeded = random.Random(seed)
    name = nasty(seeded).replace("xx", "x;")
    document = csv_document()
    table = document["sources"][0]["tables"][0]
    target, key = seeded.choice(
        [(document["sources"][0], "name"), (table, "name")]
        + [(table["columns"][0], key) for key in ("name", "type")]
    )
    target[key] = name
    with pytest.raises(ConfigurationError):
        load(tmp_path, document)


def csv_document() -> dict[str, Any]:
    table = {"name": "rows", "path": "drops", "columns": [{"name": "id"}]}
    return {"version": 1, "sources": [{"name": "shop", "kind": "csv", "tables": [table]}]}


@pytest.mark.parametrize("seed", range(20))
def test_descriptions_reach_dbt_as_they_are(seed: int) -> None:
    seeded = random.Random(seed)
    texts = [nasty(seeded) for _ in range(3)]
    document = csv_document()
    source = document["sources"][0]
    table = source["tables"][0]
    source["description"], table["description"] = texts[:2]
    table["columns"][0] |= {"header": nasty(seeded), "description": texts[2]}
    table["path"] = nasty(seeded)
    (declared,) = SourcesFile.model_validate(document).sources
    (found,) = yaml.safe_load(source_properties(declared))["sources"]
    written = [found["description"], found["tables"][0]["description"]]
    written.append(found["tables"][0]["columns"][0]["description"])
    jinja = SandboxedEnvironment(keep_trailing_newline=True)
    assert [jinja.from_string(each).render() for each in written] == texts
    assert found["tables"][0]["columns"][0]["name"] == "id"


# --- paths ---


def said(shop: CsvShop, path: str) -> str:
    """The sentence of the one table, which a dry run has too; nothing is loaded."""
    table = (
        f"      - name: sales\n        path: {json.dumps(path)}\n        columns: [{{name: id}}]\n"
    )
    shop.declare(table)
    sentence = shop.error()
    (planned,) = plan(load_sources_file(shop.folder / "sources.yml", {}), shop.lake, shop.folder)
    assert planned.problem is not None
    assert planned.problem in sentence
    assert shop.manifest().of_table("shop", "sales") == []
    return sentence


@pytest.fixture
def shop(tmp_path: Path) -> CsvShop:
    """A shop, and beside it a folder with a file that is none of its business."""
    shop = CsvShop(tmp_path / "shop")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "private.csv").write_text("id\n1\n", encoding="utf-8")
    return shop


@pytest.mark.parametrize("path", ["../elsewhere", "drops/../../elsewhere/*.csv", "drops/.."])
def test_a_path_does_not_climb(shop: CsvShop, path: str) -> None:
    assert "'..' may not stand in a path" in said(shop, path)


@pytest.mark.parametrize("path", ["drops", "drops/*.csv", "drops/**/*.csv"])
def test_a_link_leads_nowhere_else(shop: CsvShop, path: str) -> None:
    shop.drop("mine.csv", "id\n2\n")
    link = shop.folder / "drops" / "theirs.csv"
    link.symlink_to(shop.folder.parent / "elsewhere" / "private.csv")
    assert "a link to a file outside of the declared folder" in said(shop, path)
    link.unlink()
    (shop.folder / "drops" / "sub").symlink_to(shop.folder.parent / "elsewhere")
    if "**" in path:
        assert "a link to a file outside of the declared folder" in said(shop, path)


def test_a_folder_anywhere_may_be_named_also_by_a_link(
    shop: CsvShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = shop.folder.parent / "elsewhere"
    (shop.folder / "linked").symlink_to(elsewhere)
    (shop.folder / "latest.csv").symlink_to(elsewhere / "private.csv")
    monkeypatch.setenv("HOME", str(shop.folder.parent))
    for path in (str(elsewhere), "linked", "latest.csv", "~/elsewhere", f"{elsewhere}/*.csv"):
        shop.declare(
            f"      - name: sales\n        path: {path}\n        columns: [{{name: id}}]\n"
        )
        sources = load_sources_file(shop.folder / "sources.yml", {})
        (planned,) = plan(sources, shop.lake, shop.folder)
        assert planned.problem is None
        assert [each.what for each in planned.files] == ["new"]


def test_the_lake_is_no_source_of_itself(shop: CsvShop) -> None:
    shop.drop("a.csv", "id,amount\n1,2\n")
    assert shop.ingest().failed == []
    (shop.lake / "raw" / "shop" / "a.csv").write_text("id\n1\n", encoding="utf-8")
    sources = shop.folder / "sources.yml"
    for path in ("lake/raw/shop", "lake/**/*.csv", str(shop.lake / "raw/shop/a.csv")):
        table = {"name": "again", "path": path, "columns": [{"name": "id"}]}
        document = {"version": 1, "sources": [{"name": "more", "kind": "csv", "tables": [table]}]}
        sources.write_text(json.dumps(document), encoding="utf-8")
        (result,) = ingest(load_sources_file(sources, {}), shop.lake, shop.folder).tables
        assert "part of the lake, which cannot be a source of itself" in str(result.error)


@pytest.mark.parametrize(
    "name", [".env", ".env.local", ".git/config", ".ssh/id", ".dlt/secrets.toml", "d/secrets.toml"]
)
def test_what_holds_secrets_is_no_data(shop: CsvShop, name: str) -> None:
    path = shop.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("id\nTOKEN=abc\n", encoding="utf-8")
    assert "holds settings or secrets is no data" in said(shop, name)

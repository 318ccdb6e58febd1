"""A sources file with a mistake is refused with its line, what is wrong and what to do; secrets stay hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from configuration.errors import ConfigurationError
from ingest.csv.declaration import CsvSource
from ingest.declaration.sources_file import SourcesFile, load_sources_file, table_names

CSV = """\
version: 1
sources:
  - name: shop
    kind: csv
    tables:
      - name: sales
        path: drops
        columns:
          - {name: id}
          - {name: amount, type: integer}
"""
API = """\
version: 1
sources:
  - name: webshop
    kind: rest_api
    base_url: ${URL}
    auth: {type: bearer, token: "${TOKEN}"}
    tables:
      - {name: orders, path: /orders, columns: [{name: id}]}
"""
WORLD = {"URL": "https://shop.example", "TOKEN": "s3cret-t0ken"}


def load(tmp_path: Path, text: str, **environ: str) -> SourcesFile:
    path = tmp_path / "sources.yml"
    path.write_text(text, encoding="utf-8")
    return load_sources_file(path, environ)


def problems(tmp_path: Path, text: str, **environ: str) -> list[str]:
    """What is said, one line for each problem, with the file's name shortened to F."""
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text, **environ)
    return str(caught.value).replace(str(tmp_path / "sources.yml"), "F").splitlines()


# What is changed in CSV, and all that is said about it.
MISTAKES = {
    "a key with a typing error": (
        ("type: integer", "tpye: integer"),
        "F:10:28: unknown key 'sources[0].tables[0].columns[1].tpye'. Did you mean 'type'?",
    ),
    "a key that is like none": (
        ("{name: id}", "{name: id, xyz: 1}"),
        "F:9:24: unknown key 'sources[0].tables[0].columns[0].xyz'. "
        "Known keys: allowed, "
        "description, header, max, min, name, nullable, pattern, type.",
    ),
    "a missing key": (
        ("        path: drops\n", ""),
        "F:6:9: 'sources[0].tables[0].path' is missing. Add it.",
    ),
    "an unknown type": (
        ("integer", "int"),
        "F:10:28: sources[0].tables[0].columns[1].type: is no type; the types are text, integer, "
        "decimal(18,4), double, boolean, date, timestamp (got 'int').",
    ),
    "a kind with a typing error": (
        ("kind: csv", "kind: cvs"),
        "F:3:5: sources[0].kind: 'cvs' is not known. Did you mean 'csv'?",
    ),
    "no kind": (("    kind: csv\n", ""), "F:3:5: 'sources[0].kind' is missing. Add it."),
    "a name with capitals and spaces": (
        ("name: shop", "name: My Shop"),
        "F:3:5: sources[0].name: must be at most 63 lower-case letters, digits and _, "
        "and begin with a letter (got 'My Shop').",
    ),
    "a column that Tillhouse adds itself": (
        ("name: id", "name: _file"),
        "F:9:14: sources[0].tables[0].columns[0].name: must be at most 63 lower-case letters, "
        "digits and _, and begin with a letter (got '_file').",
    ),
    "two columns of one name": (
        ("name: amount", "name: id"),
        "F:6:9: sources[0].tables[0]: column 'id' is there twice.",
    ),
    "two columns of one header": (
        ("{name: id}", "{name: id, header: amount}"),
        "F:6:9: sources[0].tables[0]: the header 'amount' is there twice.",
    ),
    "a key that is no column": (
        ("path: drops", "path: drops\n        key: [number]"),
        "F:6:9: sources[0].tables[0]: the key names 'number', which is not among the columns.",
    ),
    "a share above 1": (
        ("path: drops", "path: drops\n        max_rejected: 1.5"),
        "F:8:9: sources[0].tables[0].max_rejected: must be a share from 0.0 to 1.0 (0.05: one row of "
        "twenty; 1.0: all) or a whole number of rows (20; 1 is one row) (got 1.5).",
    ),
    "a key that is there twice": (
        ("path: drops", "path: drops\n        path: other"),
        'F:8:9: found duplicate key "path". '
        "Keep one of the two.",
    ),
    "YAML that is none": (
        ("path: drops", "path: [drops"),
        "F:8:16: this is not valid YAML: expected ',' or ']', but got ':'. "
        "Check the indentation, the colons and the quotes around that place.",
    ),
    "a tab": (
        ("    tables", "\ttables"),
        "F:5:1: this is not valid YAML: found character '\\t' that cannot start any token. "
        "Check the indentation, the colons and the quotes around that place.",
    ),
    "another version": (("version: 1", "version: 2"), "F:1:1: version: Input should be 1 (got 2)."),
    "a variable that is not set": (
        ("path: drops", "path: ${DROPS}"),
        "F:7:9: the environment variable DROPS is not set. "
        "Set it, or write a default: ${DROPS:-value}.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "sentence"), [pytest.param(*each, id=name) for name, each in MISTAKES.items()]
)
def test_a_mistake_is_told_once_with_its_place_and_remedy(
    change: tuple[str, str], sentence: str, tmp_path: Path
) -> None:
    assert problems(tmp_path, CSV.replace(*change, 1)) == [sentence]


def test_a_decimal_that_the_braces_cut_is_told(tmp_path: Path) -> None:
    said = problems(tmp_path, CSV.replace("integer", "decimal(18,4)"))
    assert said[0] == (
        "F:10:28: sources[0].tables[0].columns[1].type: needs quotes within { }: "
        "type: \"decimal(18,4)\" (got 'decimal(18')."
    )


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = CSV.replace("integer", "int").replace("path: drops", "paht: drops")
    places = {line.split(": ")[0] for line in problems(tmp_path, text)}
    assert places == {"F:6:9", "F:7:9", "F:10:28"}


@pytest.mark.parametrize("again", ["source", "table"])
def test_nothing_may_be_declared_twice(again: str, tmp_path: Path) -> None:
    start = "sources:\n" if again == "source" else "    tables:\n"
    text = CSV + CSV.split(start)[1]
    expected = {
        "source": "F:1:1: the source 'shop' is there twice.",
        "table": "F:1:1: in source 'shop', the table 'sales' is there twice.",
    }
    assert problems(tmp_path, text) == [expected[again]]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words\n"])
def test_a_file_that_holds_no_keys_is_told(text: str, tmp_path: Path) -> None:
    assert problems(tmp_path, text) == [
        "F:1:1: the file must hold `key: value` pairs at its top level. Start from the example in the guide."
    ]


def test_a_file_that_is_not_there_or_not_utf8_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="this file does not exist"):
        load_sources_file(tmp_path / "gone.yml", {})
    path = tmp_path / "sources.yml"
    path.write_bytes(CSV.encode("utf-16"))
    with pytest.raises(ConfigurationError, match="Save it as UTF-8"):
        load_sources_file(path, {})


def test_a_block_may_be_shared_by_anchor_and_merge(tmp_path: Path) -> None:
    text = (
        CSV.replace("      - name: sales\n", "      - &table\n        name: sales\n")
        + "      - {<<: *table, name: refunds, path: others}\n"
    )
    source = load(tmp_path, text).sources[0]
    assert isinstance(source, CsvSource)
    assert [(table.name, table.path, len(table.columns)) for table in source.tables] == [
        ("sales", "drops", 2),
        ("refunds", "others", 2),
    ]
    wrong = text.replace("{<<: *table, name: refunds", "{<<: *table, nmae: refunds")
    assert "F:12:22: unknown key 'sources[0].tables[1].nmae'. Did you mean 'name'?" in problems(
        tmp_path, wrong
    )


def test_variables_come_from_the_environment_or_their_default(tmp_path: Path) -> None:
    text = CSV.replace("path: drops", "path: ${ROOT:-data}/${YEAR}/*.csv")
    source = load(tmp_path, text, YEAR="2026").sources[0]
    assert source.tables[0].path == "data/2026/*.csv"
    source = load(tmp_path, text, YEAR="2026", ROOT="/mnt/till").sources[0]
    assert source.tables[0].path == "/mnt/till/2026/*.csv"
    source = load(tmp_path, text, YEAR="2026", ROOT="").sources[0]
    assert source.tables[0].path == "data/2026/*.csv"


@pytest.mark.parametrize("token", ["s3cret-t0ken", "12345678", '"${TOKEN:-s3cret-t0ken}"'])
def test_a_secret_in_plain_text_is_refused_and_not_repeated(token: str, tmp_path: Path) -> None:
    said = problems(tmp_path, API.replace('"${TOKEN}"', token), **WORLD)
    assert said == [
        "F:6:26: 'token' holds a secret in plain text. "
        'Put it into an environment variable and write "${NAME}" in its place.'
    ]


def test_a_password_in_an_address_is_refused(tmp_path: Path) -> None:
    said = problems(tmp_path, API.replace("${URL}", "https://me:pass@shop.example"), **WORLD)
    assert said[0].startswith("F:5:5: 'base_url' holds a secret in plain text.")
    load(tmp_path, API.replace("${URL}", "https://me:${TOKEN}@shop.example"), **WORLD)


def test_only_the_demo_may_give_its_token_a_default(tmp_path: Path) -> None:
    load(
        tmp_path,
        "demo: {folder: demo}\n" + API.replace("${TOKEN}", "${TOKEN:-demo}"),
        URL="http://x",
    )


def test_a_secret_never_shows(tmp_path: Path) -> None:
    sources = load(tmp_path, API, **WORLD)
    assert WORLD["TOKEN"] not in repr(sources) + str(sources) + sources.model_dump_json()
    assert sources.hide(f"401 for {WORLD['TOKEN']}") == "401 for ${TOKEN}"
    assert sources.auth_variables("webshop") == ("TOKEN",)
    said = problems(tmp_path, API.replace("kind: rest_api", 'kind: "${TOKEN}"'), **WORLD)
    assert len(said) == 1
    assert WORLD["TOKEN"] not in said[0]
    assert "'${TOKEN}' is not known" in said[0]


def test_children_are_tables_too(tmp_path: Path) -> None:
    text = API.replace(
        "columns: [{name: id}]}",
        "columns: [{name: id}], key: [id], "
        "children: [{name: orders__lines, path: lines, columns: [{name: sku}]}]}",
    )
    assert table_names(load(tmp_path, text, **WORLD).sources[0]) == ["orders", "orders__lines"]

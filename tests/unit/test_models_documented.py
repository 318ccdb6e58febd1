"""The rules that the properties of models keep, read from the YAML itself: no dbt, no warehouse."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
# Dimensions, facts and the log of loads; all other marts hold figures.
OF_NO_FIGURES = {"core", "operations"}
DATED = re.compile(r"\b20\d\d-\d\d\b|\(20\d\d-\d\d\)")
DOC_BLOCK = re.compile(r"{{\s*doc\(\s*'(\w+)'\s*\)\s*}}")
REF = re.compile(r"ref\(\s*['\"](\w+)['\"]\s*\)")


@dataclass(frozen=True)
class DataTest:
    """One data test of a model (`column` is None) or of a column; `name` as in the YAML."""

    name: str
    column: str | None
    settings: Mapping[str, Any]

    @property
    def arguments(self) -> Mapping[str, Any]:
        arguments: Mapping[str, Any] = self.settings.get("arguments", {})
        return arguments

    @property
    def reason(self) -> str:
        return str(self.settings.get("description", ""))


@dataclass(frozen=True)
class Described:
    """A model or seed with its properties; `path` is that of its SQL or CSV file."""

    name: str
    path: Path
    properties: Mapping[str, Any]

    @property
    def columns(self) -> list[Mapping[str, Any]]:
        columns: list[Mapping[str, Any]] = self.properties.get("columns", [])
        return columns

    @property
    def tests(self) -> list[DataTest]:
        return [
            *_tests(self.properties, None),
            *(test for column in self.columns for test in _tests(column, column["name"])),
        ]

    @property
    def meta(self) -> Mapping[str, Any]:
        meta: Mapping[str, Any] = self.properties.get("config", {}).get("meta", {})
        return meta


def _tests(properties: Mapping[str, Any], column: str | None) -> Iterator[DataTest]:
    for test in properties.get("data_tests", []):
        if isinstance(test, str):
            yield DataTest(test, column, {})
        else:
            ((name, settings),) = test.items()
            yield DataTest(name, column, settings or {})
    # Constraints of a mart's contract: checked before the mart is replaced.
    for constraint in properties.get("constraints", []):
        yield DataTest(constraint["type"], column, {})


def _properties(key: str, folder: Path) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for file in sorted(folder.rglob("*.yml")):
        for properties in yaml.safe_load(file.read_text()).get(key, []):
            assert properties["name"] not in found, f"{properties['name']} is described twice"
            found[properties["name"]] = properties
    return found


def _models() -> dict[str, Described]:
    properties = _properties("models", MODELS)
    files = sorted([*MODELS.rglob("*.sql"), *MODELS.rglob("*.py")])
    return {file.stem: Described(file.stem, file, properties.get(file.stem, {})) for file in files}


def _seeds() -> dict[str, Described]:
    properties = _properties("seeds", ROOT / "seeds")
    files = sorted((ROOT / "seeds").glob("*.csv"))
    return {file.stem: Described(file.stem, file, properties.get(file.stem, {})) for file in files}


ALL_MODELS = _models()
ALL_SEEDS = _seeds()
MARTS = {name: one for name, one in ALL_MODELS.items() if "marts" in one.path.parts}
STAGING = {name: one for name, one in ALL_MODELS.items() if "staging" in one.path.parts}


def each(described: Mapping[str, Described]) -> pytest.MarkDecorator:
    """One test per model, named after it."""
    return pytest.mark.parametrize("one", described.values(), ids=described.keys())


def has_tested_key(one: Described) -> bool:
    """Whether a test would notice two rows for one key."""
    not_null = {test.column for test in one.tests if test.name == "not_null"}
    unique = {test.column for test in one.tests if test.name == "unique"}
    # A staging model keeps the rows without a key; the next layer sets them aside.
    nullable = one.path.parent.parent == MODELS / "staging"
    return (
        bool(unique if nullable else unique & not_null)
        or any(test.name in ("unique_combination", "primary_key") for test in one.tests)
        or any(
            test.name == "row_count_in_range" and test.arguments.get("maximum") == 1
            for test in one.tests
        )
    )


def test_there_are_models_of_every_layer() -> None:
    assert len(STAGING) >= 9
    assert len(MARTS) >= 14
    assert len(ALL_MODELS) > len(STAGING) + len(MARTS)
    assert len(ALL_SEEDS) >= 5


@each({**ALL_MODELS, **ALL_SEEDS})
def test_the_properties_lie_beside_the_model(one: Described) -> None:
    if one.name in ALL_MODELS:
        assert one.path.with_suffix(".yml").is_file(), f"{one.name} has no .yml beside its .sql"
    assert one.properties, f"{one.name} is not described"


@each({**ALL_MODELS, **ALL_SEEDS})
def test_a_description_begins_with_what_one_row_is(one: Described) -> None:
    assert one.properties["description"].lstrip().startswith("One row per "), one.name


@each({**ALL_MODELS, **ALL_SEEDS})
def test_every_column_that_is_named_is_described(one: Described) -> None:
    assert one.columns, f"{one.name} describes no column"
    for column in one.columns:
        text = str(column.get("description", "")).strip()
        assert text, f"{one.name}.{column['name']} has no description"
        assert text.endswith((".", "}}", '"')), f"{one.name}.{column['name']}: not a sentence"


@each(MARTS)
def test_every_column_of_a_mart_has_a_type(one: Described) -> None:
    untyped = [column["name"] for column in one.columns if not column.get("data_type")]
    assert not untyped, f"{one.name}: {untyped} lack a data_type"


@each({**ALL_MODELS, **ALL_SEEDS})
def test_every_key_is_tested(one: Described) -> None:
    """In the model itself, or in the mart that takes the key over; a model without one says why."""
    if "no_key" in one.meta:
        assert len(one.meta["no_key"]) > 20
        return
    if "key_tested_in" in one.meta:
        mart, column = one.meta["key_tested_in"].split(".")
        assert one.meta["key"] in {named["name"] for named in one.columns}
        tested = {test.name for test in MARTS[mart].tests if test.column == column}
        is_tested = "primary_key" in tested or {"not_null", "unique"} <= tested
        assert is_tested, f"{mart}.{column} is not tested as a key"
        return
    assert has_tested_key(one), f"{one.name}: no test would notice two rows for one key"


@each({**ALL_MODELS, **ALL_SEEDS})
def test_constraints_stand_only_where_something_enforces_them(one: Described) -> None:
    constrained = [column["name"] for column in one.columns if column.get("constraints")]
    assert one.name in MARTS or not constrained, f"{one.name}: nothing checks {constrained}"


@each(STAGING)
def test_staging_accounts_for_every_raw_row(one: Described) -> None:
    assert any(test.name == "accounts_for_every_raw_row" for test in one.tests), one.name


@each(MARTS)
def test_a_mart_has_a_plausibility_range_with_a_dated_reason(one: Described) -> None:
    ranges = [test for test in one.tests if test.name in ("in_range", "row_count_in_range")]
    assert any(DATED.search(test.reason) for test in ranges), f"{one.name} has no dated range"


@each({**ALL_MODELS, **ALL_SEEDS})
def test_every_range_has_a_dated_reason(one: Described) -> None:
    for test in one.tests:
        if test.name in ("in_range", "row_count_in_range"):
            assert DATED.search(test.reason), f"{one.name}.{test.column}: since when, and why?"


@each(MARTS)
def test_a_mart_is_tied_to_another_table(one: Described) -> None:
    """By a law in tests/data that reads it, or by the relation of a fact to it."""
    laws = (ROOT / "tests" / "data").glob("*.sql")
    read_by_laws = {name for law in laws for name in REF.findall(law.read_text())}
    related_to = {
        name
        for mart in MARTS.values()
        for test in mart.tests
        if test.name == "relationships"
        for name in REF.findall(test.arguments["to"])
    }
    assert one.name in read_by_laws | related_to, f"{one.name} agrees with nothing"


@each(ALL_MODELS)
def test_a_warning_has_an_owner_an_end_and_a_remedy(one: Described) -> None:
    for test in one.tests:
        if test.settings.get("config", {}).get("severity") == "warn":
            assert "owner:" in test.reason, f"{one.name}.{test.column}: whose warning is it?"
            assert "until 20" in test.reason, f"{one.name}.{test.column}: until when?"
            meta = test.settings["config"].get("meta", {})
            assert meta.get("what_to_do"), f"{one.name}.{test.column}: what is a person to do?"


def test_every_macro_that_sql_calls_is_described_and_no_other() -> None:
    """The inside of the materialization and of the raw views is told in macros/README.md."""
    macros = "".join(path.read_text() for path in (ROOT / "macros").rglob("*.sql"))
    defined = set(re.findall(r"{%-?\s*macro (\w+)\(", macros))
    described = set(_properties("macros", ROOT / "macros"))
    assert sorted(described - defined) == []
    folders = ("models", "analyses", "tests/data", "tests/generic")
    sql = "".join(path.read_text() for one in folders for path in (ROOT / one).rglob("*.sql"))
    called = {name for name in defined if re.search(rf"(?<![.\w]){name}\(", sql)}
    assert sorted(called - described) == []


def test_no_description_stands_twice() -> None:
    """A text that two columns share belongs into a doc block (models/docs.md, figures.md)."""
    texts = Counter(
        " ".join(str(column["description"]).split())
        for one in {**ALL_MODELS, **ALL_SEEDS}.values()
        for column in one.columns
        if not DOC_BLOCK.search(str(column["description"]))
    )
    assert [text for text, times in texts.items() if times > 1] == []


def test_every_doc_block_is_defined_once_and_used() -> None:
    defined = Counter(
        name
        for file in MODELS.rglob("*.md")
        for name in re.findall(r"{%\s*docs\s+(\w+)\s*%}", file.read_text())
    )
    used = {
        name
        for folder in (MODELS, ROOT / "seeds")
        for file in folder.rglob("*.yml")
        for name in DOC_BLOCK.findall(file.read_text())
    }
    assert [name for name, times in defined.items() if times > 1] == []
    shown_by_dbt = {"__overview__"}
    assert sorted(set(defined) - used - shown_by_dbt) == []
    assert sorted(used - set(defined)) == []


def test_every_model_that_decides_something_has_a_unit_test() -> None:
    """A `case` or a window is a decision; so is a join."""
    tested = {
        test["model"]
        for file in MODELS.rglob("*.yml")
        for test in yaml.safe_load(file.read_text()).get("unit_tests", [])
    }
    decides = {
        name
        for name, one in ALL_MODELS.items()
        if re.search(r"\bcase\b|\bover\b|\bjoin\b|_versions\(|_duplicates\(", one.path.read_text())
    }
    assert sorted(decides - tested) == []


@each({name: one for name, one in MARTS.items() if one.path.parent.name not in OF_NO_FIGURES})
def test_every_figure_is_defined_in_the_metrics_page(one: Described) -> None:
    defined = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "metrics.md").read_text()))
    figures = {
        column["name"]
        for column in one.columns
        if column["data_type"].startswith(("decimal", "double", "bigint", "boolean"))
    }
    assert figures, f"{one.name} has no figures"
    assert sorted(figures - defined) == []

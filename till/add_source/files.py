"""Every file that a new source needs, as texts: nothing is written before all of them are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from configuration.errors import ConfigurationError
from configuration.lake import write_atomically
from ingest.profile.proposal import ProposedSource
from till.add_source.expressions import Assumed
from till.add_source.intermediate import intermediate_models, lines_model
from till.add_source.model import Model
from till.add_source.project_file import Named, with_named
from till.add_source.sources_block import Declared, with_source
from till.add_source.staging import model_name, staging_models
from till.project import DEFAULT_SOURCES, Project

_PROJECT_FILE = Path("dbt_project.yml")


@dataclass(frozen=True)
class Wanted:
    """What was decided besides the proposal."""

    assumed: Assumed
    without_demo: bool = False
    anew: bool = False


def has_rates(
    project: Project, declared: Declared, source: ProposedSource, *, without_demo: bool
) -> bool:
    """Whether a source that will be active says what currencies are worth."""
    if any(table.entity == "exchange_rates" for table in source.tables):
        return True
    named = YAML(typ="safe", pure=True).load(_text(project)).get("vars", {})
    rates = named.get("conforming_models", {}).get("exchange_rates", {})
    others = declared.names(without_demo=without_demo)
    return any(rates.get(other) for other in others if other != source.name)


def files_of(
    project: Project, declared: Declared, source: ProposedSource, wanted: Wanted
) -> dict[Path, str]:
    """Path from the root, and text, of each file; raises ConfigurationError for what is there already."""
    models = [
        model
        for table in source.tables
        for model in staging_models(source.name, table, wanted.assumed)
    ]
    models += intermediate_models(source, wanted.assumed)
    files = {path: text for model in models for path, text in model.files().items()}
    if not wanted.anew:
        _check_free(project, source.name, declared.names(), files)
    is_alone = wanted.without_demo and declared.has_demo
    settings: dict[str, str] = {}
    if is_alone:
        # The shop's own currency and clock; beside other sources those of the project stay.
        settings = {
            "reporting_currency": wanted.assumed.currency,
            "business_timezone": wanted.assumed.timezone,
        }
    sources_text = with_source(declared, source, without_demo=is_alone, settings=settings)
    others = [name for name in declared.names(without_demo=is_alone) if name != source.name]
    named = _named(source, models, [*others, source.name], settings)
    return {
        DEFAULT_SOURCES: sources_text,
        _PROJECT_FILE: with_named(_text(project), named),
        **files,
    }


def stale_files(project: Project, source: str, files: Mapping[Path, str]) -> list[Path]:
    """Models that the command wrote for a former source of this name, and that nothing names any more.

    They would stop every build: what they read is gone.
    """
    patterns = {
        "staging": [f"stg_{source}__*.*"],
        "intermediate": [f"int_{source}_*_lines_joined.*"],
    }
    found = (
        path.relative_to(project.root)
        for layer, names in patterns.items()
        for name in names
        for path in sorted((project.root / "models" / layer / source).glob(name))
    )
    return [path for path in found if path not in files]


def write_files(project: Project, files: dict[Path, str]) -> None:
    """Write them all, each in one piece; the file that names the models last, so that dbt knows no half."""
    last = (DEFAULT_SOURCES, _PROJECT_FILE)
    for path in (*(each for each in files if each not in last), *last):
        target = project.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, files[path].encode())


def _check_free(
    project: Project, name: str, declared: Sequence[str], files: Mapping[Path, str]
) -> None:
    remedy = "Choose another name, or say --replace to write it anew."
    if name in declared:
        raise ConfigurationError(
            f"there is a source '{name}' already", where=str(DEFAULT_SOURCES), remedy=remedy
        )
    for path in files:
        if (project.root / path).exists():
            raise ConfigurationError("this file is there already", where=str(path), remedy=remedy)


def _text(project: Project) -> str:
    return (project.root / _PROJECT_FILE).read_text(encoding="utf-8")


def _named(
    source: ProposedSource,
    models: Sequence[Model],
    active: Sequence[str],
    settings: Mapping[str, str],
) -> Named:
    conforming: dict[str, list[str]] = {}
    order_keys: dict[str, str] = {}
    for table in source.tables:
        if table.entity is None:
            continue
        model = model_name(source.name, table.name)
        if table.entity == "order_lines":
            model = lines_model(source.name, table)
        conforming.setdefault(table.entity, []).append(model)
        order = table.with_role("order_id")
        if table.entity == "order_lines" and order is not None:
            for name in (table.name, table.lines):
                if name is not None:
                    order_keys[name] = f"'{source.name}:' || nullif(trim({order.name}), '')"
    has_intermediate = any(model.layer == "intermediate" for model in models)
    return Named(source.name, active, conforming, order_keys, has_intermediate, settings)

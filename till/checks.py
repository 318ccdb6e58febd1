"""`till check`: every configuration file and the environment, with what to mend and where."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping

from configuration.errors import ConfigurationError, PlainError
from till.generated_files import drifted_files
from till.lake_lock import lake_lock
from till.project import DEFAULT_SOURCES, Project
from till.source_models import source_model_problems

LEAST_FREE_BYTES = 1 << 30


def problems(project: Project, environ: Mapping[str, str]) -> list[PlainError]:
    """Everything that would stop a run, as far as it can be known without one."""
    found: list[PlainError] = []
    for check in (_python, _sources, _pages, _generated, _variables, _lake):
        try:
            found.extend(check(project, environ))
        except ConfigurationError as error:
            found.extend(error.problems or [error])
        except PlainError as error:
            found.append(error)
    return found


def _python(project: Project, environ: Mapping[str, str]) -> Iterator[PlainError]:
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        yield PlainError(
            f"Python {sys.version_info.major}.{sys.version_info.minor} is not supported",
            remedy="Use 3.11, 3.12 or 3.13.",
        )


def _sources(project: Project, environ: Mapping[str, str]) -> Iterator[PlainError]:
    from ingest.declaration.sources_file import load_sources_file

    load_sources_file(project.root / DEFAULT_SOURCES, environ)
    yield from ()


def _pages(project: Project, environ: Mapping[str, str]) -> Iterator[PlainError]:
    from reports.pages import load_pages

    load_pages(project.pages)
    yield from ()


def _generated(project: Project, environ: Mapping[str, str]) -> Iterator[PlainError]:
    for path in drifted_files(project):
        yield PlainError(
            "this generated file does not follow from its source any more",
            where=str(path),
            remedy="Run `till generate`, and commit what it wrote.",
        )


def _variables(project: Project, environ: Mapping[str, str]) -> Iterator[PlainError]:
    """The default of active_sources is for plain dbt: it should name what `till run` loads."""
    from configuration.yaml_file import position_of, read_yaml
    from ingest.declaration.sources_file import load_sources_file
    from till.project_variables import sources_variable_problems, variable_problems

    document = read_yaml(project.root / "dbt_project.yml")
    wrong = variable_problems(document)
    yield from wrong
    declared = read_yaml(project.root / DEFAULT_SOURCES)
    known = document.get("vars") or ()
    yield from sources_variable_problems(declared, DEFAULT_SOURCES.as_posix(), known)
    if wrong:
        return  # what follows reads them
    active = list(document["vars"]["active_sources"])
    sources = load_sources_file(project.root / DEFAULT_SOURCES, environ)
    names = [source.name for source in sources.sources]
    if sorted(active) != sorted(names):
        line, column = position_of(document, ("vars", "active_sources"))
        yield PlainError(
            f"active_sources is {active}, but {DEFAULT_SOURCES.as_posix()} declares {names}",
            where=f"dbt_project.yml:{line}:{column}",
            remedy="Make the two agree, so that plain `dbt build` builds what `till run` does.",
        )
    yield from source_model_problems(document, names)


def _lake(project: Project, environ: Mapping[str, str]) -> Iterator[PlainError]:
    existed = project.lake.exists()
    with lake_lock(project.lake, "till check"):
        free = shutil.disk_usage(project.lake).free
    if not existed:
        shutil.rmtree(project.lake)
    if free < LEAST_FREE_BYTES:
        yield PlainError(
            f"only {free / 1e6:,.0f} MB are free there",
            where=str(project.lake),
            remedy="Make room.",
        )

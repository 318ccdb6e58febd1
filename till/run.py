"""One run: ingest, build, docs, pages, release. Nothing untested reaches a reader."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from till import dbt_build, release_build
from till.disk_space import check_space
from till.lake_lock import lake_lock
from till.model_code import model_code_sha256
from till.project import Project
from till.releases import (
    Release,
    check_site,
    current_release,
    current_release_id,
    new_release_id,
)
from till.working_copy import clear_mark, link_or_copy, mark_build, restore_if_broken

if TYPE_CHECKING:
    from ingest.declaration.sources_file import SourcesFile
    from ingest.results import Meter, Window
    from ingest.run import IngestResult
    from reports.facts import ReleaseFacts
    from reports.pages import Page


class Reporter(Protocol):
    """What a run tells while it goes on; the command prints it."""

    def step(self, name: str) -> None:
        """A step begins."""

    def detail(self, text: str) -> None:
        """Something happened within the step."""

    def loading(self, meter: Meter) -> None:
        """The load of a table begins; `meter` says from now on how far it has come."""

    def progress(self, done: int, total: int) -> None:
        """So many of all nodes of the build are done."""


@dataclass
class RunResult:
    """What a run did, filled as it goes: also a run that fails has a summary."""

    steps: list[tuple[str, float]] = field(default_factory=list)
    ingested: IngestResult | None = None
    build: dbt_build.BuildResult | None = None
    release: Release | None = None
    kept_release_id: str | None = None
    problem: str | None = None

    @contextmanager
    def timed(self, name: str, reporter: Reporter) -> Iterator[None]:
        """Announce a step and keep its seconds."""
        reporter.step(name)
        started = time.perf_counter()
        try:
            yield
        finally:
            self.steps.append((name, time.perf_counter() - started))


def run_all(
    project: Project,
    sources: SourcesFile,
    *,
    full_refresh: bool,
    skip_space_check: bool = False,
    reporter: Reporter,
) -> RunResult:
    """Load what is new, build, test, render and release. Holds the lake's lock throughout.

    A source that cannot be loaded, or a test that fails, ends the run with `problem` set and the
    current release as it was. Raises PlainError for what is not about data: a broken YAML file, a
    lake that cannot be written to, another run.
    """
    from reports.pages import load_pages

    pages = load_pages(project.pages)  # a page with errors should not cost a build first
    result = RunResult()
    check_site(project)
    with lake_lock(project.lake, "till run"):
        result.kept_release_id = current_release_id(project)
        if restore_if_broken(project):
            reporter.detail("The last build did not finish; its marts were put back.")
        with result.timed("ingest", reporter):
            result.ingested = _ingest(project, sources, reporter)
        failed = [table for table in result.ingested.tables if table.error is not None]
        if failed:
            result.problem = f"{len(failed)} of {len(result.ingested.tables)} tables failed to load"
            return result
        release_id = new_release_id(datetime.now(UTC))
        variables = dbt_variables(sources)
        code = model_code_sha256(project, variables)
        before = current_release(project)
        has_changed = before is None or before.model_code_sha256 != code
        if not skip_space_check:
            check_space(project, whole=full_refresh or has_changed)
        mark_build(project, release_id)
        with result.timed("build", reporter):
            if not has_changed:
                reporter.detail("The models are those that passed their unit tests before.")
            result.build = dbt_build.build(
                project,
                variables,
                full_refresh=full_refresh,
                unit_tests=has_changed,
                on_progress=reporter.progress,
            )
        if result.build.failed:
            result.problem = f"{len(result.build.failed)} models or tests failed"
            return result
        _release(project, release_id, variables, code, pages, result, reporter)
    return result


def dbt_variables(sources: SourcesFile) -> dict[str, Any]:
    """What dbt is told about this set-up: its active sources and the variables of its file."""
    return {"active_sources": [source.name for source in sources.sources], **sources.vars}


def _ingest(project: Project, sources: SourcesFile, reporter: Reporter) -> IngestResult:
    from ingest.run import ingest

    return ingest(
        sources,
        project.lake,
        project.root,
        on_progress=reporter.detail,
        on_start=reporter.loading,
    )


def _release(
    project: Project,
    release_id: str,
    variables: Mapping[str, Any],
    code: str,
    pages: Sequence[Page],
    result: RunResult,
    reporter: Reporter,
) -> None:
    assert result.build is not None  # noqa: S101 - built before
    folder = release_build.clean_folder(project, release_id)
    with result.timed("docs", reporter):
        dbt_build.generate_docs(project, variables)
        (folder / "docs").mkdir()
        shutil.copyfile(dbt_build.static_docs(project), folder / "docs" / "index.html")
    with result.timed("render", reporter):
        marts = release_build.collect_marts(project, folder, result.build.marts)
        facts = release_build.read_facts(
            {name: [folder / file.path for file in mart.files] for name, mart in marts.items()}
        )
        release = Release(
            release_id=release_id,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            till_version=release_build.till_version(),
            commit=release_build.commit_of(project.root),
            sources=tuple(variables["active_sources"]),
            vars={name: value for name, value in variables.items() if name != "active_sources"},
            marts=marts,
            models=result.build.models,
            tests={"passed": result.build.passed, "warned": len(result.build.warned)},
            model_code_sha256=code,
            **facts,
        )
        render(project, release, folder, folder / "site", loaded=pages)
    with result.timed("release", reporter):
        result.release = release_build.publish(
            project, folder, _with_steps(release, result), lambda: clear_mark(project)
        )


def render(
    project: Project,
    release: Release,
    folder: Path,
    out: Path,
    *,
    explore: bool = False,
    pages: Path | None = None,
    loaded: Sequence[Page] = (),
) -> None:
    """Write the pages of `release`, whose marts lie in `folder`, into `out`; Explore where asked.

    `pages` is another folder of pages than the project's, `loaded` are its pages where they have
    been read already.
    """
    from reports.explore.descriptions import descriptions
    from reports.render import render_site

    out.mkdir(parents=True, exist_ok=True)
    known = descriptions(project.root / "models") if explore else None
    render_site(
        pages or project.pages,
        release.mart_files(folder),
        facts_of(release),
        out,
        explore=known,
        loaded=loaded,
    )
    # The docs are part of the site, so that their link works wherever the site is copied to.
    link_or_copy(folder / "docs" / "index.html", out / "docs" / "index.html")


def facts_of(release: Release) -> ReleaseFacts:
    """What the pages of a release say about it."""
    from reports.facts import ReleaseFacts

    return ReleaseFacts(
        release_id=release.release_id,
        created_at=datetime.fromisoformat(release.created_at),
        as_of_date=date.fromisoformat(release.as_of_date) if release.as_of_date else None,
        rows_read=release.rows["read"],
        rows_loaded=release.rows["loaded"],
        rows_rejected=release.rows["rejected"],
        tests_passed=release.tests["passed"],
        tests_warned=release.tests["warned"],
        models=release.models,
        reporting_currency=str(release.vars.get("reporting_currency", "EUR")),
        business_timezone=str(release.vars.get("business_timezone", "UTC")),
        sources=release.sources,
        docs_href="docs/index.html",
    )


def _with_steps(release: Release, result: RunResult) -> Release:
    steps = tuple({"name": name, "seconds": round(seconds, 3)} for name, seconds in result.steps)
    return replace(release, steps=steps)


def ingest_only(
    project: Project,
    sources: SourcesFile,
    *,
    only: tuple[str, ...],
    reload: bool = False,
    window: Window | None = None,
    replay_rejected: bool = False,
    on_progress: Callable[[str], None],
    on_start: Callable[[Meter], None] = lambda meter: None,
) -> IngestResult:
    """Load what is new and stop, under the lake's lock; raises PlainError for unknown names.

    With `reload`, what is known is loaded again and replaces what was loaded before; with `window`,
    only what belongs to its days is looked at; with `replay_rejected`, only rejected rows are tried again.
    """
    from ingest.run import ingest

    with lake_lock(project.lake, "till ingest"):
        return ingest(
            sources,
            project.lake,
            project.root,
            only=only,
            reload=reload,
            window=window,
            replay_rejected=replay_rejected,
            on_progress=on_progress,
            on_start=on_start,
        )

"""dbt in this process: build, docs, and what to tell a person about what failed or warned."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from configuration.errors import PlainError
from configuration.yaml_file import read_yaml
from till.project import Project

EXAMPLE_ROWS = 5


@dataclass(frozen=True)
class FailedNode:
    """A model or test that did not succeed: `file` is where to mend it, `examples` shows rows."""

    name: str
    kind: str
    file: str
    message: str
    failures: int | None
    query: str | None
    columns: tuple[str, ...] = ()
    examples: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True)
class WarnedTest:
    """A data test that found rows and stops nothing.

    `about` is its model, with the column if it has one; `what_to_do` stands in the test's config (meta).
    """

    name: str
    about: str
    rows: int
    what_to_do: str | None
    query: str | None


@dataclass(frozen=True)
class BuildResult:
    """Counts of one `dbt build`. `marts` are the external models that are there now."""

    models: int
    passed: int
    warned: tuple[WarnedTest, ...]
    skipped: int
    failed: tuple[FailedNode, ...]
    marts: tuple[str, ...]


def run_dbt(arguments: Sequence[str], on_event: Callable[[Any], None] | None = None) -> Any:
    """Invoke dbt in this process and close its connection to the warehouse; gives its result.

    Raises PlainError when dbt itself could not start: a model or YAML it cannot parse, a warehouse
    that somebody else holds open.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    runner = dbtRunner(callbacks=[on_event] if on_event else [])
    done = runner.invoke(["--log-level", "none", *arguments])
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if done.exception is not None:
        raise PlainError(
            f"dbt could not run: {_one_line(str(done.exception))}",
            remedy=f"Try `dbt {arguments[0]}` by hand; its log is logs/dbt.log.",
        )
    return done.result


def build(
    project: Project,
    variables: Mapping[str, Any],
    *,
    full_refresh: bool,
    unit_tests: bool,
    on_progress: Callable[[int, int], None],
) -> BuildResult:
    """Run `dbt build` with `variables`; `on_progress(done, all)` is called after each node."""
    arguments = ["build", *_vars_option(project, variables)]
    if full_refresh:
        arguments.append("--full-refresh")
    if not unit_tests:
        arguments += ["--exclude-resource-type", "unit_test"]
    counter = _Counter(on_progress)
    result = run_dbt(arguments, counter.on_event)
    failed = [
        _failed_node(project, one)
        for one in result.results
        if str(one.status) in ("error", "fail", "partial success", "runtime error")
    ]
    statuses = [(one.node.resource_type.value, str(one.status)) for one in result.results]
    tests = [status for kind, status in statuses if kind in ("test", "unit_test")]
    return BuildResult(
        models=sum(kind == "model" for kind, _ in statuses),
        passed=tests.count("pass"),
        warned=tuple(_warned_test(one) for one in result.results if str(one.status) == "warn"),
        skipped=sum(status == "skipped" for _, status in statuses),
        failed=tuple(failed),
        marts=tuple(
            sorted(
                one.node.name
                for one in result.results
                if one.node.resource_type.value == "model"
                and one.node.config.materialized == "external"
                and one.node.fqn[1] == "marts"
            )
        ),
    )


def generate_docs(project: Project, variables: Mapping[str, Any]) -> None:
    """Write the dbt docs as one page, target/static_index.html, from the build before."""
    run_dbt(["docs", "generate", "--static", "--no-compile", *_vars_option(project, variables)])


def _vars_option(project: Project, variables: Mapping[str, Any]) -> list[str]:
    """The `--vars` of a dbt command: only what differs from dbt_project.yml.

    dbt parses everything anew when its `--vars` change, so a run with the project's own variables
    must look like plain `dbt build`.
    """
    defaults = read_yaml(project.root / "dbt_project.yml").get("vars", {})
    changed = {
        name: value
        for name, value in variables.items()
        if name not in defaults or defaults[name] != value
    }
    return ["--vars", json.dumps(changed, sort_keys=True)] if changed else []


class _Counter:
    """Counts finished nodes in dbt's events."""

    def __init__(self, on_progress: Callable[[int, int], None]) -> None:
        self._on_progress = on_progress

    def on_event(self, event: Any) -> None:
        if event.info.name in ("LogModelResult", "LogSeedResult"):
            self._on_progress(event.data.index, event.data.total)
        elif event.info.name == "LogTestResult":
            self._on_progress(event.data.index, event.data.num_models)


def _warned_test(result: Any) -> WarnedTest:
    node = result.node
    # A test in YAML is known by its kind and its column; dbt's name for it is a long list of both.
    generic = getattr(node, "test_metadata", None)
    model = getattr(node, "attached_node", None) or ", ".join(node.depends_on.nodes)
    names = [unique_id.split(".")[-1] for unique_id in model.split(", ")]
    column = getattr(node, "column_name", None)
    return WarnedTest(
        name=generic.name if generic else node.name,
        about=", ".join(names) + (f".{column}" if column else ""),
        rows=result.failures or 0,
        what_to_do=node.config.meta.get("what_to_do"),
        query=_compiled_path(node),
    )


def _compiled_path(node: Any) -> str | None:
    path = getattr(node, "compiled_path", None)
    return str(path).replace("\\", "/") if path else None


def _failed_node(project: Project, result: Any) -> FailedNode:
    node = result.node
    compiled = getattr(node, "compiled_code", None)
    is_data_test = node.resource_type.value == "test" and str(result.status) == "fail"
    columns, rows = _example_rows(project, compiled) if is_data_test and compiled else ((), ())
    return FailedNode(
        name=node.name,
        kind={"unit_test": "unit test", "test": "data test"}.get(
            node.resource_type.value, node.resource_type.value
        ),
        file=str(node.original_file_path).replace("\\", "/"),
        message=(result.message or str(result.status)).strip(),
        failures=result.failures,
        query=_compiled_path(node) if compiled else None,
        columns=columns,
        examples=rows,
    )


def _example_rows(
    project: Project, query: str
) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    """The first rows that a data test found, looked up again in the warehouse."""
    try:
        with duckdb.connect(str(project.warehouse), read_only=True) as connection:
            found = connection.execute(f"select * from ({query}) as failing limit {EXAMPLE_ROWS}")
            columns = tuple(column[0] for column in found.description)
            return columns, tuple(found.fetchall())
    except duckdb.Error:  # the failure itself is told all the same
        return (), ()


def static_docs(project: Project) -> Path:
    """Where dbt puts its docs as one page."""
    return project.root / "target" / "static_index.html"


def _one_line(text: str) -> str:
    return " ".join(text.split())

"""Where things are: the project's root, its lake, and the names inside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analytics.blas import use_one_thread
from configuration.errors import ConfigurationError
from configuration.lake import lake_address

# dbt, dlt and their libraries send usage statistics unless told not to; offline they then wait.
NO_TELEMETRY = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}
DEFAULT_SOURCES = Path("ingest/sources.yml")


@dataclass(frozen=True)
class Project:
    """The folders of one checkout and the lake it writes to; `root` holds dbt_project.yml."""

    root: Path
    lake: Path

    @property
    def manifest(self) -> Path:
        """One JSON record per committed load."""
        return self.lake / "raw" / "_manifest"

    @property
    def marts(self) -> Path:
        """The working copy of the marts, as dbt writes them."""
        return self.lake / "marts"

    @property
    def releases(self) -> Path:
        """One folder per release."""
        return self.lake / "releases"

    @property
    def current(self) -> Path:
        """Says which release readers use."""
        return self.lake / "current.json"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that dbt builds in."""
        return Path(os.environ.get("TILL_WAREHOUSE", "") or self.lake / "warehouse.duckdb")

    @property
    def build_marker(self) -> Path:
        """There while a build is under way or after one that broke."""
        return self.lake / "build-under-way.json"

    @property
    def site(self) -> Path:
        """The link to the current release's pages."""
        return self.root / "site"

    @property
    def pages(self) -> Path:
        """The YAML of the report pages."""
        return self.root / "reports" / "pages"


def find_project(start: Path, environ: Mapping[str, str]) -> Project:
    """The project around `start`; raises ConfigurationError when there is none.

    A lake given as a relative path lies below the project's root.
    """
    for folder in (start, *start.parents):
        if (folder / "dbt_project.yml").is_file():
            return Project(root=folder, lake=_lake(folder, environ))
    raise ConfigurationError(
        "there is no dbt_project.yml here or in a folder above",
        where=str(start),
        remedy="Change to the folder of your Tillhouse project and run it again.",
    )


def open_project() -> Project:
    """The project around the working directory, which becomes its root, ready for dbt and dlt."""
    project = find_project(Path.cwd(), os.environ)
    prepare_environment(project)
    return project


def _lake(root: Path, environ: Mapping[str, str]) -> Path:
    address = lake_address(environ)
    if "://" in address:
        raise ConfigurationError(
            f"runs and releases need the lake in a local folder, and TILL_LAKE is {address}",
            remedy="Set TILL_LAKE to a folder; dbt alone also builds marts under an s3:// prefix.",
        )
    return root / address


def prepare_environment(project: Project) -> None:
    """Say to dbt and dlt, by the environment they read, where the lake is and to send nothing.

    Also how many threads linear algebra takes, which is read when NumPy is imported.
    """
    os.environ.update(NO_TELEMETRY)
    use_one_thread()
    inside = project.lake.is_relative_to(project.root)
    lake = project.lake.relative_to(project.root) if inside else project.lake
    os.environ["TILL_LAKE"] = lake.as_posix()
    os.chdir(project.root)

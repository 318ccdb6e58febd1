"""Files that follow from others and are committed so that a review shows them change.

dbt's sources follow from the sources files, the exposures from the report pages, the JSON Schemas
from the models that read the YAML.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from till.project import DEFAULT_SOURCES, Project


def generated_files(project: Project) -> dict[Path, str]:
    """Path in the project, and text, of every generated file."""
    return dict(_all(project))


def write_generated(project: Project) -> list[Path]:
    """Write the files that differ from what they follow from; gives their paths."""
    drifted = _drifted(project)
    for path, text in drifted.items():
        target = project.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    return list(drifted)


def drifted_files(project: Project) -> list[Path]:
    """Generated files that are missing or do not say what they should."""
    return list(_drifted(project))


def _drifted(project: Project) -> dict[Path, str]:
    return {
        path: text
        for path, text in generated_files(project).items()
        if not (project.root / path).is_file()
        or (project.root / path).read_text(encoding="utf-8") != text
    }


def sources_files(project: Project) -> list[Path]:
    """The project's own sources file and those of the examples."""
    examples = sorted((project.root / "examples").glob("*/sources.yml"))
    return [project.root / DEFAULT_SOURCES, *examples]


def _all(project: Project) -> Iterator[tuple[Path, str]]:
    from ingest.dbt_sources import source_properties
    from ingest.declaration.sources_file import json_schema, load_sources_file
    from reports.exposures import exposures_yaml
    from reports.language.schema import json_schemas
    from reports.pages import load_pages

    for path in sources_files(project):
        sources = load_sources_file(path, Placeholders(os.environ))
        for source in sources.sources:
            name = f"_{source.name}__sources.yml"
            yield Path("models/staging") / source.name / name, source_properties(source)
    yield Path("models/exposures.yml"), exposures_yaml(load_pages(project.pages))
    yield Path("ingest/sources.schema.json"), json_schema()
    for name, schema in json_schemas().items():
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        yield Path("reports") / name, text


class Placeholders(dict[str, str]):
    """An environment in which every variable is set: what is generated depends on none of them."""

    def __missing__(self, name: str) -> str:
        return f"https://{name.lower()}.invalid"  # also where an address is wanted

    def __contains__(self, name: object) -> bool:
        return True

    def get(self, name: str, default: object = None) -> str:
        """The variable where it is set, else the default, else something."""
        return super().get(name) or (default if isinstance(default, str) else self[name])

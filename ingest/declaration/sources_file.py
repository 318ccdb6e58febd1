"""`ingest/sources.yml`: the blocks that may stand in it, and how it is read.

One declaration for many readers: the loads, dbt's sources, and the JSON Schema for editors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import Block, read_yaml, validate_yaml
from ingest.csv.declaration import CsvSource
from ingest.declaration.environment import Expanded, expand
from ingest.declaration.tables import RecordTableBlock, no_twins
from ingest.events.declaration import EventsSource
from ingest.excel.declaration import ExcelSource
from ingest.json.declaration import JsonSource
from ingest.kinesis.declaration import KinesisSource
from ingest.parquet.declaration import ParquetSource
from ingest.postgres.declaration import PostgresSource
from ingest.postgres_cdc.declaration import PostgresCdcSource
from ingest.rest.declaration import RestSource

AnySource = (
    CsvSource
    | ParquetSource
    | JsonSource
    | ExcelSource
    | EventsSource
    | RestSource
    | PostgresSource
    | KinesisSource
    | PostgresCdcSource
)
Source = Annotated[AnySource, Field(discriminator="kind")]


class Demo(Block):
    """Asks `till` to make the demo shop's data where it is missing, and to serve its API meanwhile."""

    folder: str = Field("demo", description="Where the data is made, relative to the root.")


class SourcesFile(Block):
    """The whole file."""

    version: Literal[1]
    vars: dict[str, str | int | float | bool | None] = Field(
        {}, description="dbt variables of this set-up, such as reporting_currency."
    )
    demo: Demo | None = Field(
        None, description="Only in the file that describes the demo shop; remove it with the demo."
    )
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    _expanded: Expanded = PrivateAttr(default_factory=Expanded)

    @model_validator(mode="after")
    def _names_are_unique(self) -> SourcesFile:
        no_twins((source.name for source in self.sources), "the source")
        for source in self.sources:
            no_twins(table_names(source), f"in source '{source.name}', the table")
        return self

    def auth_variables(self, source: str) -> Sequence[str]:
        """The environment variables from which this source's credentials come."""
        positions = {each.name: index for index, each in enumerate(self.sources)}
        return tuple(self._expanded.auth_variables.get(positions[source], ()))

    def hide(self, text: str) -> str:
        """`text` without anything that came out of the environment."""
        return self._expanded.hide(text)

    def hide_within(self, whole: str, part: str) -> str:
        """`part` of the text `whole` without what came out of the variables that stand in `whole`."""
        return self._expanded.hide(part, self._expanded.used.get(whole, frozenset()))

    def conceal(self, content: bytes) -> bytes:
        """An answer's `content` without the secrets that it was asked with."""
        return self._expanded.conceal(content)


def table_names(source: AnySource) -> list[str]:
    """Every table that this source makes in the lake, children included."""
    names: list[str] = []
    for table in source.tables:
        names.append(table.name)
        if isinstance(table, RecordTableBlock):
            names.extend(child.name for child in table.children)
    return names


def load_sources_file(path: Path, environ: Mapping[str, str]) -> SourcesFile:
    """Read the sources file at `path`; raises ConfigurationError with every problem at once."""
    document = read_yaml(path)
    expanded = expand(document, environ, str(path))
    try:
        sources = validate_yaml(document, SourcesFile, str(path))
    except ConfigurationError as error:
        problems = [
            PlainError(expanded.hide(each.what), where=each.where, remedy=each.remedy)
            for each in error.problems
        ]
        raise ConfigurationError(error.what, where=error.where, problems=problems) from None
    sources._expanded = expanded
    return sources


def json_schema() -> str:
    """The JSON Schema of the file, as text; committed beside it for editors."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= SourcesFile.model_json_schema()
    return json.dumps(schema, indent=2) + "\n"

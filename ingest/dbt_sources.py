"""dbt's sources, written from the sources file: one declaration, so what is loaded and what is read agree."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Iterator

from ruamel.yaml import YAML
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

from ingest.declaration.sources_file import AnySource
from ingest.declaration.tables import LIST_INDEX, PAYLOAD, Child, Column, RecordTableBlock
from ingest.rows.column_types import column_type

HEADER = """\
# Generated from the sources file that declares this source, by `till generate`; do not edit.
# Data tests of what was loaded stand with the staging models beside it.
"""
_WIDTH = 110
_SHORT = 80
# .yamllint allows no longer lines; one word of a description may be longer than any line.
_LONGEST_LINE = 200
_LONG_LINES = "# yamllint disable rule:line-length\n"
# dbt reads YAML 1.1, to which these words are no texts.
_NO_TEXT_WHEN_PLAIN = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
_PLAIN = re.compile(r"[A-Za-z_]([\w ().,;/%-]*[\w).,;/%-])?", re.ASCII)
_MINUTES_PER_DAY = 24 * 60
_ADDED = (
    ("_file", "VARCHAR", "The input that the row was read from."),
    ("_load_id", "VARCHAR", "The load that brought the row."),
    ("_loaded_at", "TIMESTAMP", "When that load began, UTC."),
)

_Node = dict[str, object]


def source_properties(source: AnySource) -> str:
    """The text of the dbt properties file that declares `source`: every table, column and type."""
    document = {"version": 2, "sources": [_source(source)]}
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = _WIDTH
    written = io.StringIO()
    yaml.dump(document, written)
    # Where a text is folded, the space before the fold means nothing.
    lines = [line.rstrip(" ") for line in written.getvalue().split("\n")]
    has_long_lines = any(len(line) > _LONGEST_LINE for line in lines)
    return HEADER + (_LONG_LINES if has_long_lines else "") + "\n".join(lines)


class _Representer(RoundTripRepresenter):
    """Writes `null`, where ruamel-yaml would write nothing."""


_Representer.add_representer(
    type(None), lambda self, _: self.represent_scalar("tag:yaml.org,2002:null", "null")
)


def _source(source: AnySource) -> _Node:
    return {
        "name": _text(source.name),
        **_description(source.description),
        "schema": f"raw_{source.name}",
        "config": {
            "enabled": _double_quoted(f"{{{{ '{source.name}' in var('active_sources') }}}}"),
            "loaded_at_field": "_loaded_at",
            "freshness": _freshness(source.freshness_days),
        },
        "tables": list(_tables(source)),
    }


def _freshness(days: float | None) -> _Node | None:
    """After how long without a load dbt warns; it counts in whole units only."""
    if days is None:
        return None
    if days == int(days):
        return {"warn_after": {"count": int(days), "period": "day"}}
    return {"warn_after": {"count": math.ceil(days * _MINUTES_PER_DAY), "period": "minute"}}


def _tables(source: AnySource) -> Iterator[_Node]:
    for table in source.tables:
        columns = [*_columns(table.columns)]
        columns += [_column(each.name, each.type.duckdb, means) for each, means in table.added]
        if isinstance(table, RecordTableBlock) and table.keeps_payload:
            columns.append(
                _column(PAYLOAD, "VARCHAR", "The whole object as it came, as JSON text.")
            )
        yield _table(table.name, table.description, columns)
        if isinstance(table, RecordTableBlock):
            for child in table.children:
                yield _table(child.name, child.description, _child_columns(table, child))


def _table(name: str, description: str, columns: Iterable[_Node]) -> _Node:
    return {
        "name": _text(name),
        **_description(description),
        "columns": [*columns, *(_column(*added) for added in _ADDED)],
    }


def _columns(columns: Iterable[Column]) -> Iterator[_Node]:
    for column in columns:
        yield _column(column.name, column_type(column.type).duckdb, column.description)


def _child_columns(table: RecordTableBlock, child: Child) -> Iterator[_Node]:
    """The child's own, then what each of its rows carries from its parent."""
    yield from _columns(child.columns)
    parent = {column.name: column for column in table.columns}
    yield from _columns(parent[name] for name in table.inherited)
    yield _column(LIST_INDEX, "BIGINT", f"Position in the list of its {table.name} row, from 0.")


def _column(name: str, data_type: str, description: str) -> _Node:
    return {"name": _text(name), "data_type": data_type, **_description(description)}


def _description(text: str) -> _Node:
    """Nothing where there is none. dbt renders descriptions, so braces that mean nothing to it are quoted."""
    harmless = re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)
    return {"description": _text(harmless)} if text else {}


def _text(text: str) -> str:
    """The text, quoted unless it reads the same in every version of YAML."""
    if _PLAIN.fullmatch(text) and text.lower() not in _NO_TEXT_WHEN_PLAIN:
        return text
    if "'" in text and '"' not in text and len(text) <= _SHORT:
        return _double_quoted(text)
    quoted: str = SingleQuotedScalarString(text)
    return quoted


def _double_quoted(text: str) -> str:
    quoted: str = DoubleQuotedScalarString(text)
    return quoted

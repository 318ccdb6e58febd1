"""The block of a proposed source, added to the sources file as text: comments and order stay as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from configuration.yaml_file import read_yaml
from ingest.profile.proposal import GRAIN, ProposedColumn, ProposedSource, ProposedTable

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_YAML_WORDS = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")


def source_block(source: ProposedSource) -> str:
    """The block as it stands in the list `sources`, indented by two."""
    lines = [f"  - name: {source.name}", f"    kind: {source.kind}"]
    lines += _options(source.options, 4)
    lines.append("    tables:")
    for table in source.tables:
        lines += _table(table)
    return "\n".join(lines) + "\n"


def with_source(
    text: str,
    path: Path,
    source: ProposedSource,
    *,
    without_demo: bool,
    settings: Mapping[str, str],
) -> str:
    """The text of the sources file with `source` at its end, or in the place of the demo's sources.

    `settings` are variables of the set-up that it decides, where it stands alone.
    """
    document = read_yaml(path)
    block = source_block(source)
    if without_demo and "demo" in document:
        head = text[: _start_of_key(text, document, "sources")]
        head = _without_key(head, document, "demo")
        # What stands above the first key tells of the demo; only the line for editors stays.
        first, rest = head[: head.index("version:")], head[head.index("version:") :]
        hints = [line for line in first.splitlines(keepends=True) if "yaml-language" in line]
        head = "".join(hints) + rest
        head = _without_key(head, YAML().load(head), "vars") if "vars" in document else head
        pairs = ", ".join(f"{name}: {_scalar(value)}" for name, value in settings.items())
        head += f"vars: {{{pairs}}}\n" if pairs else ""
        return f"{head}sources:\n{block}"
    if not text.endswith("\n"):
        text += "\n"
    return text + block


def without_source(text: str, path: Path, name: str) -> str:
    """The text without the block of the source `name`, which is there."""
    document = read_yaml(path)
    sources = document["sources"]
    index = [each.get("name") for each in sources].index(name)
    lines = text.splitlines(keepends=True)
    start = sources.lc.item(index)[0]
    end = sources.lc.item(index + 1)[0] if index + 1 < len(sources) else len(lines)
    return "".join(lines[:start] + lines[end:])


def _start_of_key(text: str, document: CommentedMap, key: str) -> int:
    line: int = document.lc.key(key)[0]
    return sum(len(each) for each in text.splitlines(keepends=True)[:line])


def _without_key(text: str, document: CommentedMap, key: str) -> str:
    """`text` without the line of a top-level key and the comment right above it."""
    lines = text.splitlines(keepends=True)
    line: int = document.lc.key(key)[0]
    first = line
    while (
        first > 0
        and lines[first - 1].startswith("#")
        and "yaml-language-server" not in lines[first - 1]
    ):
        first -= 1
    return "".join(lines[:first] + lines[line + 1 :])


def _table(table: ProposedTable) -> list[str]:
    lines = [f"      - name: {table.name}"]
    if table.entity is not None:
        lines.append(f"        description: One row per {GRAIN[table.entity]}.")
    lines.append(f"        path: {_scalar(table.path)}")
    if table.key:
        lines.append(f"        key: [{', '.join(table.key)}]")
    lines += _options(table.options, 8)
    lines.append("        columns:")
    lines += [f"          - {_column(column)}" for column in table.columns]
    if table.children:
        lines.append("        children:")
    for child in table.children:
        lines += [f"          - name: {child.name}", f"            path: {child.path}"]
        lines.append("            columns:")
        lines += [f"              - {_column(column)}" for column in child.columns]
    return lines


def _column(column: ProposedColumn) -> str:
    parts = [f"name: {column.name}"]
    if column.header != column.name:
        parts.append(f"header: {_scalar(column.header, in_flow=True)}")
    if column.type != "text":
        parts.append(f"type: {_scalar(column.type, in_flow=True)}")
    if not column.nullable:
        parts.append("nullable: false")
    return "{" + ", ".join(parts) + "}"


def _options(options: Mapping[str, object], indent: int) -> list[str]:
    """Further keys as YAML, each on lines of its own."""
    if not options:
        return []
    yaml = YAML()
    yaml.default_flow_style = False
    out = StringIO()
    yaml.dump(dict(options), out)
    return [" " * indent + line for line in out.getvalue().splitlines()]


def _scalar(text: str, *, in_flow: bool = False) -> str:
    """A text as YAML, in quotes where it would else be something other than this text."""
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS
    if is_plain and not (in_flow and any(letter in text for letter in ",[]{}:")):
        return text
    return json.dumps(text, ensure_ascii=False)

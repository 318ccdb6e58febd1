"""The block of a proposed source, added to the sources file as text: comments and order stay as they are.

What comes out is read again before it is written: a file that cannot be edited so is left alone.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from configuration.errors import ConfigurationError
from configuration.yaml_file import read_yaml
from ingest.declaration.sources_file import load_sources_file
from ingest.profile.proposal import GRAIN, ProposedColumn, ProposedSource, ProposedTable
from till.generated_files import Placeholders
from till.project import DEFAULT_SOURCES

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_YAML_WORDS = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")
_LONGEST_FLOW = 100


@dataclass(frozen=True)
class Declared:
    """The sources file as it is: its text, and what that says."""

    text: str
    document: CommentedMap

    @property
    def has_demo(self) -> bool:
        """Whether it describes the demo shop."""
        return "demo" in self.document

    def names(self, *, without_demo: bool = False) -> list[str]:
        """Of its sources; of those that stay, when the demo goes with all that stands beside it."""
        if without_demo and self.has_demo:
            return []
        return [str(each["name"]) for each in self.document.get("sources", [])]

    def variable(self, name: str, otherwise: str) -> str:
        """A variable of the set-up."""
        return str(self.document.get("vars", {}).get(name, otherwise))


def read_declared(path: Path) -> Declared:
    """Read the sources file; raises ConfigurationError when it is none."""
    return Declared(path.read_text(encoding="utf-8"), read_yaml(path))


def source_block(source: ProposedSource) -> str:
    """The block as it stands in the list `sources`, indented by two."""
    lines = [f"  - name: {source.name}", f"    kind: {source.kind}"]
    lines += _options(source.options, 4)
    lines.append("    tables:")
    for table in source.tables:
        lines += _table(table)
    return "\n".join(lines) + "\n"


def with_source(
    declared: Declared, source: ProposedSource, *, without_demo: bool, settings: Mapping[str, str]
) -> str:
    """The text of the sources file with `source` in the place of its former block, or at the end.

    With `without_demo` it stands in the place of the demo and of all sources, and `settings` are the
    variables of the set-up. Raises ConfigurationError when the file is written in a way that cannot be
    edited so.
    """
    before, block = declared.document, source_block(source)
    if without_demo and declared.has_demo:
        edited = _alone(declared, block, settings)
        wanted = {**before, "vars": dict(settings), "sources": []}
        del wanted["demo"]
    else:
        edited = _added(declared, source.name, block)
        others = [each for each in before["sources"] if each.get("name") != source.name]
        wanted = {**before, "sources": others}
    after = _checked(edited, block)
    found = {**after, "sources": [each for each in after["sources"] if each["name"] != source.name]}
    if found != wanted:
        raise _not_editable(block)
    return edited


def _added(declared: Declared, name: str, block: str) -> str:
    """The text with the block at the end of the list, or in the place of the one with this name."""
    document = declared.document
    sources = document["sources"]
    if sources.fa.flow_style():
        raise _not_editable(block)
    lines = declared.text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    # The dash stands two before the first key of a block.
    indent = sources.lc.item(0)[1] - 2
    block = "".join(
        " " * indent + line.removeprefix("  ") for line in block.splitlines(keepends=True)
    )
    starts = [sources.lc.item(index)[0] for index in range(len(sources))]
    starts.append(_end_of(document, "sources", lines))
    names = [each.get("name") for each in sources]
    at = names.index(name) if name in names else len(sources)
    end = starts[at + 1] if at < len(sources) else starts[at]
    return "".join([*lines[: starts[at]], block, *lines[end:]])


def _end_of(document: CommentedMap, key: str, lines: list[str]) -> int:
    """The line after the last one of a top-level key, without comments that belong to what follows."""
    begin: int = document.lc.key(key)[0]
    later = [document.lc.key(each)[0] for each in document if document.lc.key(each)[0] > begin]
    end = min(later, default=len(lines))
    while end > begin + 1 and not lines[end - 1].strip():
        end -= 1
    while later and end > begin + 1 and lines[end - 1].startswith("#"):
        end -= 1
    return end


def _alone(declared: Declared, block: str, settings: Mapping[str, str]) -> str:
    """The text with nothing of the demo; what stands above the first key tells of it too."""
    lines = declared.text.splitlines(keepends=True)
    hints = [line for line in lines if "yaml-language-server" in line and line.startswith("#")]
    pairs = ", ".join(f"{name}: {_scalar(value, in_flow=True)}" for name, value in settings.items())
    known = {"version", "vars", "demo", "sources"}
    if set(declared.document) - known:
        raise _not_editable(block)
    head = [*hints, "version: 1\n", f"vars: {{{pairs}}}\n" if pairs else "", "sources:\n"]
    return "".join(head) + block


def _checked(text: str, block: str) -> CommentedMap:
    """What the edited text says, when it is a whole sources file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sources.yml"
        path.write_text(text, encoding="utf-8")
        try:
            load_sources_file(path, Placeholders({}))
            return read_yaml(path)
        except ConfigurationError as error:
            reason = str(error).splitlines()[0].replace(f"{path}:", "line ")
            raise _not_editable(block, reason) from error


def _not_editable(block: str, reason: str = "") -> ConfigurationError:
    return ConfigurationError(
        "the file is written in a way that cannot be added to" + (f" ({reason})" if reason else ""),
        where=DEFAULT_SOURCES.as_posix(),
        remedy="Nothing was written. Write its list `sources` with one line for each key, or add "
        f"this there yourself:\n{block}",
    )


def _table(table: ProposedTable) -> list[str]:
    lines = [f"      - name: {table.name}"]
    grain = "order" if table.lines else GRAIN[table.entity] if table.entity else None
    if grain is not None:
        lines.append(f"        description: One row per {grain}.")
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
    """Further keys as YAML: each on a line of its own, or on several where one is too long."""
    lines: list[str] = []
    for key, value in options.items():
        line = f"{key}: {_inline(value)}"
        if len(line) + indent > _LONGEST_FLOW and isinstance(value, (dict, list)):
            yaml = YAML()
            yaml.default_flow_style = False
            out = StringIO()
            yaml.dump({key: value}, out)
            lines += out.getvalue().splitlines()
        else:
            lines.append(line)
    return [" " * indent + line for line in lines]


def _inline(value: object) -> str:
    if isinstance(value, Mapping):
        pairs = (
            f"{_scalar(str(name), in_flow=True)}: {_inline(each)}" for name, each in value.items()
        )
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_inline(each) for each in value) + "]"
    if isinstance(value, str):
        return _scalar(value, in_flow=True)
    return json.dumps(value)


def _scalar(text: str, *, in_flow: bool = False) -> str:
    """A text as YAML, in quotes where it would else be something other than this text."""
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS
    if is_plain and not (in_flow and any(letter in text for letter in ",[]{}:")):
        return text
    return json.dumps(text, ensure_ascii=False)

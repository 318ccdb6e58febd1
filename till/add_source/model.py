"""A model to be written: its SQL as a person would write it, and its properties.

What is written belongs to whoever asked for it: it is read, changed and committed like any other model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Expression:
    """One column of a model: its name, the SQL that gives it, its description, and tests of dbt."""

    name: str
    sql: str
    description: str
    tests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """`sql` and `properties` are the texts of the two files."""

    name: str
    layer: Literal["staging", "intermediate"]
    source: str
    sql: str
    properties: str

    def files(self) -> dict[Path, str]:
        """Path from the root, and text, of each file."""
        folder = Path("models") / self.layer / self.source
        return {
            folder / f"{self.name}.sql": self.sql,
            folder / f"{self.name}.yml": self.properties,
        }


def select(expressions: Sequence[Expression]) -> str:
    """The last select's list, one column a line."""
    return ",\n    ".join(
        each.sql
        if re.fullmatch(rf"(\w+\.)?{each.name}", each.sql)
        else f"{each.sql} as {each.name}"
        for each in expressions
    )


def properties(name: str, description: Sequence[str], expressions: Sequence[Expression]) -> str:
    """The text of the YAML file beside the SQL; `description` is a text in lines."""
    lines = ["version: 2", "", "models:", f"  - name: {name}", "    description: >"]
    lines += [f"      {line}" for line in description]
    lines.append("    columns:")
    for each in expressions:
        lines += [f"      - name: {each.name}", f'        description: "{each.description}"']
        if each.tests:
            lines.append(f"        data_tests: [{', '.join(each.tests)}]")
    return "\n".join(lines) + "\n"


def doc(block: str) -> str:
    """A description that stands in one place for all models."""
    return "{{ doc('" + block + "') }}"

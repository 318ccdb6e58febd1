"""What the dbt project says of its models and their columns, with its doc blocks put in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML

_BLOCK = re.compile(r"{%\s*docs\s+(\w+)\s*%}(.*?){%\s*enddocs\s*%}", re.DOTALL)
_REFERENCE = re.compile(r"{{\s*doc\(\s*['\"](\w+)['\"]\s*\)\s*}}")


@dataclass(frozen=True)
class Described:
    """The description of a model, and those of its columns by name; empty where there is none."""

    text: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


def descriptions(models: Path) -> dict[str, Described]:
    """Descriptions by model, from the YAML and Markdown below the folder of the models."""
    blocks: dict[str, str] = {}
    for path in sorted(models.rglob("*.md")):
        blocks.update(_BLOCK.findall(path.read_text(encoding="utf-8")))
    yaml = YAML(typ="safe")
    found = {}
    for path in sorted(models.rglob("*.yml")):
        for model in (yaml.load(path.read_text(encoding="utf-8")) or {}).get("models", []):
            columns = {
                column["name"]: _text(column.get("description", ""), blocks)
                for column in model.get("columns", [])
            }
            found[model["name"]] = Described(_text(model.get("description", ""), blocks), columns)
    return found


def _text(description: str, blocks: Mapping[str, str]) -> str:
    whole = _REFERENCE.sub(lambda match: blocks.get(match[1], ""), description)
    return re.sub(r"\s+", " ", whole).replace("`", "").strip()

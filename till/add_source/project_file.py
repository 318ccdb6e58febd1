"""dbt_project.yml with a new source named where dbt must know it; edited as text, so that comments stay."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from configuration.errors import ConfigurationError

_FILE = "dbt_project.yml"
_REMEDY = "Name the source there by hand: docs/guides/sources.md shows each place."


@dataclass(frozen=True)
class Named:
    """What must be named: `conforming` models by canonical table, `order_keys` by raw table."""

    source: str
    active: Sequence[str]
    conforming: Mapping[str, Sequence[str]]
    order_keys: Mapping[str, str]
    has_intermediate: bool
    settings: Mapping[str, str]  # variables of the whole project that this source decides


def with_named(text: str, named: Named) -> str:
    """The file's text with the source; raises ConfigurationError where a place is not found."""
    lines = text.splitlines()
    _forget(lines, named.source)
    _set_active(lines, named)
    for name, value in named.settings.items():
        lines[_block(lines, name)] = f"  {name}: {value}"
    conforming = named.conforming or {"events": []}  # a source that no figure counts says so
    for canonical, models in conforming.items():
        at = _key(lines, canonical, _block(lines, "conforming_models"))
        lines.insert(at + 1, f"      {named.source}: [{', '.join(models)}]")
    if named.order_keys:
        at = _block(lines, "order_key_of_raw_rows")
        pairs = ", ".join(f'{table}: "{sql}"' for table, sql in named.order_keys.items())
        lines.insert(at + 1, f"    {named.source}: {{{pairs}}}")
    for layer in ("staging", "intermediate"):
        if layer == "staging" or named.has_intermediate:
            _enable(lines, layer, named.source)
    for layer in ("staging", "intermediate"):
        _correct_defaults(lines, layer, named.active)
    edited = "\n".join(lines) + "\n"
    _check(edited, named)
    return edited


def _check(text: str, named: Named) -> None:
    """Raise ConfigurationError unless the edited text says what it should, read as dbt reads it."""
    try:
        document = YAML(typ="safe", pure=True).load(text)
        variables = document["vars"]
        conforming = variables["conforming_models"]
        says_so = list(variables["active_sources"]) == list(named.active) and all(
            conforming[canonical][named.source] == list(models)
            for canonical, models in named.conforming.items()
        )
    except (YAMLError, LookupError, TypeError):
        says_so = False
    if not says_so:
        raise ConfigurationError(
            "the file is written in a way that cannot be added to", where=_FILE, remedy=_REMEDY
        )


def _forget(lines: list[str], source: str) -> None:
    """Take out what stands there of a former source of this name."""
    for variable in ("conforming_models", "order_key_of_raw_rows"):
        number = _block(lines, variable) + 1
        while number < len(lines) and (
            lines[number].startswith("    ") or not lines[number].strip()
        ):
            if re.match(rf" {{4,6}}{source}:", lines[number]):
                del lines[number]
            else:
                number += 1


def _set_active(lines: list[str], named: Named) -> None:
    at = _block(lines, "active_sources")
    lines[at] = f"  active_sources: [{', '.join(named.active)}]"


def _block(lines: Sequence[str], key: str) -> int:
    """The line of a variable."""
    return _key(lines, key, _find(lines, r"vars:"), indent=2)


def _key(lines: Sequence[str], key: str, after: int, *, indent: int = 4) -> int:
    return _find(lines, rf"{' ' * indent}{re.escape(key)}:.*", after)


def _find(lines: Sequence[str], pattern: str, after: int = -1) -> int:
    for number in range(after + 1, len(lines)):
        if re.fullmatch(pattern, lines[number]):
            return number
    raise ConfigurationError(
        f"no line is found there that looks like '{pattern.strip()}'", where=_FILE, remedy=_REMEDY
    )


def _enable(lines: list[str], layer: str, source: str) -> None:
    at = _find(lines, rf"    {layer}:", _find(lines, r"models:"))
    for number in range(at + 1, len(lines)):
        if lines[number].startswith("    ") and not lines[number].startswith("     "):
            break
        if lines[number] == f"      {source}:":
            return
    enabled = f"        +enabled: \"{{{{ '{source}' in var('active_sources', ['{source}']) }}}}\""
    # Below the settings of the layer itself.
    place = at + 1
    while lines[place].lstrip().startswith(("+", "#")):
        place += 1
    lines[place:place] = [f"      {source}:", enabled]


def _correct_defaults(lines: list[str], layer: str, active: Sequence[str]) -> None:
    """Make the default of each source say whether it is active."""
    at = _find(lines, rf"    {layer}:", _find(lines, r"models:"))
    pattern = re.compile(
        r"(?P<head> {8}\+enabled: \"\{\{ '(?P<source>\w+)' in var\('active_sources', )\[.*?\]"
        r"(?P<tail>\) \}\}\")"
    )
    for number in range(at + 1, len(lines)):
        if lines[number].startswith("    ") and not lines[number].startswith("     "):
            break
        match = pattern.fullmatch(lines[number])
        if match:
            default = f"['{match['source']}']" if match["source"] in active else "[]"
            lines[number] = f"{match['head']}{default}{match['tail']}"

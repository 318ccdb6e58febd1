"""`${NAME}` and `${NAME:-default}` in a sources file, replaced from the environment.

What came out of a variable never shows in a message: there it is written as `${NAME}` again.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import position_of

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s${}]+@")
# Under these keys of an `auth` block nothing but a variable may stand.
_SECRET_KEYS = ("token", "password", "api_key", "client_secret")
# Shorter values would be found by accident in ordinary words.
_SHORTEST_HIDDEN = 4


@dataclass
class Expanded:
    """What was replaced: the values to hide, and the variables of each top-level source by position."""

    values: dict[str, str] = field(default_factory=dict)
    auth_variables: dict[int, list[str]] = field(default_factory=dict)
    # The variables of each text that has some, by what the text became.
    used: dict[str, frozenset[str]] = field(default_factory=dict)

    def hide(self, text: str, only: Container[str] | None = None) -> str:
        """`text` with every value that came from the environment written as its variable.

        `only` are the variables that are meant; none: all of them.
        """
        for name, value in sorted(self.values.items(), key=lambda pair: -len(pair[1])):
            if len(value) >= _SHORTEST_HIDDEN and (only is None or name in only):
                text = text.replace(value, f"${{{name}}}")
        return text


def expand(document: CommentedMap, environ: Mapping[str, str], file: str) -> Expanded:
    """Replace every variable in `document`, in place; raises ConfigurationError with all that are missing."""
    expanded = Expanded()
    problems: list[PlainError] = []
    for location, container, key, text in list(_texts(document, ())):
        line, column = position_of(document, location)
        where = f"{file}:{line}:{column}"
        if _holds_bare_secret(location, text, demo="demo" in document):
            problems.append(
                PlainError(
                    f"'{key}' holds a secret in plain text",
                    where=where,
                    remedy='Put it into an environment variable and write "${NAME}" in its place.',
                )
            )
            continue
        for match in _VARIABLE.finditer(text):
            if match[1] not in environ and match[2] is None:
                problems.append(
                    PlainError(
                        f"the environment variable {match[1]} is not set",
                        where=where,
                        remedy=f"Set it, or write a default: ${{{match[1]}:-value}}.",
                    )
                )
        container[key] = _VARIABLE.sub(lambda match: _value(match, environ, expanded), text)
        if names_here := frozenset(match[1] for match in _VARIABLE.finditer(text)):
            expanded.used[container[key]] = names_here
        if "auth" in location and isinstance(location[1], int):
            names = [match[1] for match in _VARIABLE.finditer(text)]
            expanded.auth_variables.setdefault(location[1], []).extend(names)
    if problems:
        raise ConfigurationError("variables are missing", where=file, problems=problems)
    return expanded


def _value(match: re.Match[str], environ: Mapping[str, str], expanded: Expanded) -> str:
    """The variable's value; its default where it is unset or empty, as in a shell."""
    name, default = match[1], match[2]
    value = environ.get(name, default)
    if not value:
        return default or ""
    if value != default:
        expanded.values[name] = value
    return value


def _holds_bare_secret(location: tuple[int | str, ...], text: str, *, demo: bool) -> bool:
    """A credential that is not a variable, or has a default (only the demo's may); or `user:password@`."""
    if _PASSWORD.search(text):
        return True
    if "auth" not in location[:-1] or location[-1] not in _SECRET_KEYS:
        return False
    variables = list(_VARIABLE.finditer(text))
    return not variables or (not demo and any(each[2] for each in variables))


def _texts(
    node: Any, location: tuple[int | str, ...]
) -> Iterator[tuple[tuple[int | str, ...], Any, Any, str]]:
    """Every text in the document: its location, what holds it, under which key, and itself."""
    if isinstance(node, CommentedMap):
        pairs = list(node.items())
    elif isinstance(node, CommentedSeq):
        pairs = list(enumerate(node))
    else:
        return
    for key, value in pairs:
        here = (*location, key)
        if isinstance(value, str):
            yield here, node, key, value
        elif "auth" in location and key in _SECRET_KEYS and value is not None:
            yield here, node, key, str(value)  # a token may look like a number
        else:
            yield from _texts(value, here)

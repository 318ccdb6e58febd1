"""`${NAME}` and `${NAME:-default}` in a sources file, replaced from the environment.

What came out of a variable never shows in a message: there it is written as `${NAME}` again. Where a text
of the file is published (in the lake, in dbt's files, in releases), no variable may stand.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import position_of

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s${}]+@|https?://[^/@\s:${}]+@", re.IGNORECASE)
_USERINFO = re.compile(r"://[^/\s]*@")
# Under these keys of an `auth` block nothing but a variable may stand.
_SECRET_KEYS = ("token", "password", "api_key", "client_secret")
# And under these keys of a source itself.
_SOURCE_SECRETS = ("connection", "password")
_SOURCE_KEY = len(("sources", 0, "connection"))
# The password within an address, and as one of its options.
_PASSWORD_WITHIN = re.compile(r"://[^/@\s]*?:([^\s]+)@|[?&]password=([^&\s]+)")
# Shorter values would be found by accident in ordinary words, or in ordinary data.
_SHORTEST_HIDDEN = 4
_SHORTEST_CONCEALED = 12
# What is written under these keys ends in dbt's files, in releases, or in each row.
_PUBLISHED_KEYS = ("name", "description", "header", "type", "key")
# No sources file names these, and yet they are used.
_SECRETS_OF_AMAZON = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")


@dataclass
class Expanded:
    """What was replaced: the values to hide, and the variables of each top-level source by position."""

    values: dict[str, str] = field(default_factory=dict)
    auth_variables: dict[int, list[str]] = field(default_factory=dict)
    # The variables of each text that has some, by what the text became.
    used: dict[str, frozenset[str]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)  # the variables under keys that hold secrets

    def hide(self, text: str, only: Container[str] | None = None) -> str:
        """`text` with every value that came from the environment written as its variable.

        `only` are the variables that are meant; none: all of them.
        """
        meant = {name: value for name, value in self.values.items() if only is None or name in only}
        forms = ((name, form) for name, value in meant.items() for form in _forms(value))
        for name, form in sorted(forms, key=lambda pair: -len(pair[1])):
            if len(form) >= _SHORTEST_HIDDEN:
                text = text.replace(form, f"${{{name}}}")
        return text

    def conceal(self, content: bytes) -> bytes:
        """`content` of an answer without the secrets that it was asked with, should it echo them."""
        for name in sorted(self.secrets & set(self.values)):
            if len(self.values[name]) >= _SHORTEST_CONCEALED:
                for form in _forms(self.values[name]):
                    content = content.replace(form.encode(), f"${{{name}}}".encode())
        return content


def _forms(value: str) -> list[str]:
    """How a value, and the password in an address, may be written; the longest first."""
    within = [each for match in _PASSWORD_WITHIN.findall(value) for each in match if each]
    values = {value, *within, *(unquote(each) for each in within)}
    written = {form for each in values for form in _written(each)}
    return sorted(written, key=len, reverse=True)


def _written(value: str) -> set[str]:
    """A value as it is, as a message quotes it, in an address, in JSON, and in base64."""
    plain = value.encode()
    # Within a longer text, base64 begins at one of three places; what its neighbours decide is left out.
    packed = [
        base64.b64encode(b" " * lead + plain).decode()[math.ceil(lead * 4 / 3) : -4]
        for lead in range(3)
        if len(value) >= _SHORTEST_CONCEALED
    ]
    whole = base64.b64encode(plain).decode()
    escaped = json.dumps(value)[1:-1]
    shown = repr(value)[1:-1]
    written = {
        value,
        shown,
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        escaped,
        *packed,
    }
    written |= {whole, whole.rstrip("="), base64.urlsafe_b64encode(plain).decode()}
    written |= {each.replace("/", "\\/") for each in written}  # as some write JSON
    return {each for each in written if len(each) >= _SHORTEST_HIDDEN}


def expand(document: CommentedMap, environ: Mapping[str, str], file: str) -> Expanded:
    """Replace every variable in `document`, in place; raises ConfigurationError with all that are missing."""
    expanded = Expanded({name: environ[name] for name in _SECRETS_OF_AMAZON if environ.get(name)})
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
        if _VARIABLE.search(text) and _is_published(document, location):
            problems.append(
                PlainError(
                    f"'{key}' holds a variable, and what stands here is published",
                    where=where,
                    remedy="Write the text itself. A secret belongs under auth, base_url or params.",
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
        names = [match[1] for match in _VARIABLE.finditer(text)]
        if names:
            expanded.used[container[key]] = frozenset(names)
        if _is_secret(location):
            expanded.secrets.update(names)
        for userinfo in _USERINFO.findall(text):
            expanded.secrets.update(match[1] for match in _VARIABLE.finditer(userinfo))
        if ("auth" in location or _is_secret(location)) and isinstance(location[1], int):
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
    if not _is_secret(location):
        return False
    if location[-1] == "connection" and not _VARIABLE.fullmatch(text):
        return True  # the whole address, for any part of it may be what must not be seen
    variables = list(_VARIABLE.finditer(text))
    return not variables or (not demo and any(each[2] for each in variables))


def _is_secret(location: tuple[int | str, ...]) -> bool:
    """Whether nothing but a variable may stand there."""
    if "auth" in location[:-1]:
        return location[-1] in _SECRET_KEYS
    return len(location) == _SOURCE_KEY and location[-1] in _SOURCE_SECRETS


def _is_published(document: CommentedMap, location: tuple[int | str, ...]) -> bool:
    """Whether the text at `location` can be read in places that others see."""
    if location[0] == "vars":
        return True
    if location[0] != "sources" or not isinstance(location[1], int) or "auth" in location:
        return False
    if any(step in _PUBLISHED_KEYS for step in location[2:]) and "params" not in location:
        return True
    # Each row says from which path of an API it came; files are called by where they lie.
    return location[-1] == "path" and document["sources"][location[1]].get("kind") == "rest_api"


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
        elif (
            _is_secret(here)
            and value is not None
            and not isinstance(value, CommentedMap | CommentedSeq)
        ):
            yield here, node, key, str(value)  # a token may look like a number
        else:
            yield from _texts(value, here)

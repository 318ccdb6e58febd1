"""YAML files as pydantic models, with every problem told as file:line:column and its remedy."""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError

from configuration.errors import ConfigurationError, PlainError

Position = tuple[int, int]
Location = tuple[int | str, ...]


class Block(BaseModel):
    """Base of every YAML block: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


ModelT = TypeVar("ModelT", bound=BaseModel)


def load_yaml_model(path: Path, model: type[ModelT]) -> ModelT:
    """Read the YAML file at `path`; raises ConfigurationError with all problems at once."""
    return validate_yaml(read_yaml(path), model, str(path))


def read_yaml(path: Path) -> CommentedMap:
    """Parse one YAML file whose top level is a mapping, keeping the position of every node."""
    parser = YAML(typ="rt")
    parser.Constructor = _Constructor
    try:
        document = parser.load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            "this file does not exist", where=str(path), remedy="Check its path."
        ) from None
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(
            f"this file cannot be read ({error})", where=str(path), remedy="Save it as UTF-8 text."
        ) from error
    except DuplicateKeyError as error:
        raise ConfigurationError(
            _without_values(str(error.problem).splitlines()[0]),
            where=_mark(path, error),
            remedy="Keep one of the two.",
        ) from error
    except MarkedYAMLError as error:
        raise ConfigurationError(
            f"this is not valid YAML: {_without_values(str(error.problem or error.context))}",
            where=_mark(path, error),
            remedy="Check the indentation, the colons and the quotes around that place.",
        ) from error
    if not isinstance(document, CommentedMap):
        raise ConfigurationError(
            "the file must hold `key: value` pairs at its top level",
            where=f"{path}:1:1",
            remedy="Start from the example in the guide.",
        )
    return document


def validate_yaml(document: CommentedMap, model: type[ModelT], file: str) -> ModelT:
    """Validate a parsed document; `file` is the name to show in messages."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        details = _causes(error.errors())
        problems = [_problem(detail, document, model, file) for detail in details]
        raise ConfigurationError("the file has errors", where=file, problems=problems) from error


def position_of(document: Any, location: Location) -> Position:
    """Line and column (from 1) of the node at `location`, or of its nearest parent."""
    node, position = document, (1, 1)
    for step in location:
        if not _holds(node, step):
            continue  # pydantic names union members too; these are not in the document
        marks = node.lc.data or {}
        if step in marks:  # a key that came in by a merge (<<) has no position of its own
            line, column = marks[step][:2]
            position = (line + 1, column + 1)
        node = node[step]
    return position


def nearest(name: str, allowed: Sequence[str]) -> str | None:
    """The allowed name most like `name`, or None when none is near."""
    close = difflib.get_close_matches(name, allowed, n=1, cutoff=0.6)
    return close[0] if close else None


class _Constructor(RoundTripConstructor):
    """Leaves dates as they were typed: ruamel-yaml stops at a 30th of February, without a line."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", RoundTripConstructor.construct_yaml_str)


def _mark(path: Path, error: MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)


def _without_values(problem: str) -> str:
    """A parser's sentence without what it quotes from the file: that may be a password."""
    problem = re.sub(r" with value .*", "", problem, flags=re.DOTALL)
    return re.sub(r"(alias|anchor|tag|escape character|directive) '[^']+'", r"\1", problem)


def _causes(details: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """The errors without those that follow from them: a list is "too short" when its items are wrong."""
    places = [detail["loc"] for detail in details]
    return [
        detail
        for detail in details
        if detail["type"] != "too_short"
        or all(
            place == detail["loc"] or place[: len(detail["loc"])] != detail["loc"]
            for place in places
        )
    ]


def _problem(
    detail: ErrorDetails, document: CommentedMap, model: type[BaseModel], file: str
) -> PlainError:
    location = detail["loc"]
    line, column = position_of(document, location)
    path = _dotted(document, location)
    where = f"{file}:{line}:{column}"
    if detail["type"] == "extra_forbidden":
        name = str(location[-1])
        allowed = sorted(_fields_at(model, location[:-1]))
        guess = nearest(name, allowed)
        remedy = f"Did you mean '{guess}'?" if guess else f"Known keys: {', '.join(allowed)}."
        return PlainError(f"unknown key '{path}'", where=where, remedy=remedy)
    if detail["type"] == "missing":
        return PlainError(f"'{path}' is missing", where=where, remedy="Add it.")
    if detail["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return _wrong_tag(detail, document, where)
    got = detail.get("input")
    if detail["type"] == "literal_error" and isinstance(got, str):
        known = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
        guess = nearest(got, known)
        remedy = f"Did you mean '{guess}'?" if guess else f"Known: {', '.join(known)}."
        return PlainError(f"{path}: '{got}' is not known", where=where, remedy=remedy)
    is_shown = isinstance(got, (str, int, float, bool)) and not _may_be_secret(location)
    shown = f" (got {got!r})" if is_shown else ""
    message = detail["msg"].removeprefix("Value error, ")
    return PlainError(f"{path}: {message}{shown}" if path else f"{message}{shown}", where=where)


def _may_be_secret(location: Location) -> bool:
    """Whether somebody may have put a password there, rightly or wrongly."""
    return any(
        isinstance(step, str) and re.search("auth|token|password|secret|api_key|params", step)
        for step in location
    )


def _wrong_tag(detail: ErrorDetails, document: CommentedMap, where: str) -> PlainError:
    """A block whose `kind` or `type` is missing or unknown."""
    context = detail.get("ctx", {})
    key = str(context.get("discriminator", "kind")).strip("'")
    known = str(context.get("expected_tags", "")).replace("'", "")
    path = _dotted(document, (*detail["loc"], key))
    if "tag" not in context:
        return PlainError(f"'{path}' is missing", where=where, remedy="Add it.")
    guess = nearest(str(context["tag"]), known.split(", "))
    remedy = f"Did you mean '{guess}'?" if guess else f"Known: {known}."
    return PlainError(f"{path}: '{context['tag']}' is not known", where=where, remedy=remedy)


def _dotted(document: Any, location: Location) -> str:
    """The path as the author wrote it, without the union members that pydantic adds."""
    parts: list[str] = []
    node = document
    for index, step in enumerate(location):
        if _holds(node, step):
            node = node[step]
        elif index != len(location) - 1:
            continue
        parts.append(f"[{step}]" if isinstance(step, int) else f".{step}")
    return "".join(parts).lstrip(".")


def _holds(node: Any, step: int | str) -> bool:
    if isinstance(node, CommentedSeq):
        return isinstance(step, int) and step < len(node)
    return isinstance(node, CommentedMap) and step in node


def _fields_at(model: type[BaseModel], location: Location) -> set[str]:
    """Names allowed at `location`: those of every model that can stand there."""
    models: set[type[BaseModel]] = {model}
    for step in location:
        if isinstance(step, int):
            continue
        found = {
            child
            for owner in models
            for name, field in owner.model_fields.items()
            if step in (name, field.alias)
            for child in _models_in(field.annotation)
        }
        tagged = {
            child
            for child in models
            if any(_is_tag(field.annotation, step) for field in child.model_fields.values())
        }
        models = found or tagged or models
    return {field.alias or name for owner in models for name, field in owner.model_fields.items()}


def _is_tag(annotation: Any, value: str) -> bool:
    return typing.get_origin(annotation) is typing.Literal and value in typing.get_args(annotation)


def _models_in(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    if isinstance(annotation, (types.GenericAlias, types.UnionType)) or typing.get_origin(
        annotation
    ):
        return {model for argument in typing.get_args(annotation) for model in _models_in(argument)}
    return set()

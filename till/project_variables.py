"""Whether the variables of dbt_project.yml, and those that a sources file sets, can be what they say.

dbt takes any value and writes it into SQL. A wrong one ends a build half-way in words of SQL, or is
believed: a reporting currency in small letters agrees with that of no order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml.comments import CommentedMap

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import nearest, position_of, validate_yaml

_FILE = "dbt_project.yml"


@dataclass(frozen=True)
class _Rule:
    """What a value must be: `wanted` says it to people, after "Write"."""

    holds: Callable[[object], bool]
    wanted: str


def _text(pattern: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _whole(least: int, most: int) -> Callable[[object], bool]:
    return lambda value: (
        type(value) is not bool and isinstance(value, int) and least <= value <= most
    )


def _is_day(value: object) -> bool:
    if not _text(r"\d{4}-\d\d-\d\d")(value):
        return False
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


_MANY_DAYS = 36_500
_SETTINGS: Mapping[str, _Rule] = {
    "reporting_currency": _Rule(_text("[A-Z]{3}"), "three capital letters, such as EUR"),
    "business_timezone": _Rule(
        lambda value: isinstance(value, str) and value in available_timezones(),
        "the name of a time zone, such as Europe/Madrid",
    ),
    "as_of_date": _Rule(
        lambda value: value is None or _is_day(value),
        "a day, such as 2025-12-31, or null: then it is that of the latest order",
    ),
    "inactive_after_days": _Rule(_whole(1, _MANY_DAYS), "a whole number of days, such as 90"),
    "first_day_of_week": _Rule(
        lambda value: value == "Monday", "Monday: weeks are those of ISO 8601"
    ),
    "affinity_min_orders": _Rule(_whole(1, 10**9), "a whole number of orders from 1 on, such as 5"),
    "affinity_max_products": _Rule(
        _whole(1, 65_535), "a whole number from 1 to 65535, such as 500"
    ),
    "business_country_code": _Rule(_text("[A-Z]{2}"), "two capital letters, such as ES"),
    "check_all_rows": _Rule(lambda value: isinstance(value, bool), "true or false"),
    "earliest_plausible_date": _Rule(_is_day, "a day, such as 1990-01-01"),
}
_Name = Annotated[str, Field(pattern=r"^\w+$", strict=True)]
_Table = Annotated[str, Field(pattern=r"^\w+\.\w+$", strict=True)]
_Canonical = Literal["order_lines", "customers", "products", "events", "exchange_rates"]


class _Lists(BaseModel):
    """The variables that name sources, their models and tables; dbt_project.yml alone has them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    active_sources: list[_Name]
    tables_not_read: list[_Table]
    conforming_models: dict[_Canonical, dict[_Name, list[_Name]]]
    order_key_of_raw_rows: dict[_Name, dict[_Name, str]]
    event_key_of_raw_rows: dict[_Name, dict[_Name, str]]


class _ProjectFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    vars: _Lists


def variable_problems(document: CommentedMap) -> list[PlainError]:
    """What is missing or wrong in the `vars` of a parsed dbt_project.yml."""
    problems: list[PlainError] = []
    try:
        validate_yaml(document, _ProjectFile, _FILE)
    except ConfigurationError as error:
        problems.extend(error.problems)
    variables = document.get("vars")
    if isinstance(variables, CommentedMap):
        for name, rule in _SETTINGS.items():
            if name in variables:
                problems.extend(_wrong_setting(document, _FILE, name))
            else:
                remedy = f"Write there {rule.wanted}."
                problems.append(PlainError(f"'vars.{name}' is missing", where=_FILE, remedy=remedy))
    return problems


def sources_variable_problems(
    document: CommentedMap, file: str, own_variables: Collection[str]
) -> Iterator[PlainError]:
    """What is wrong in the `vars` of a sources file; `own_variables` are those of dbt_project.yml."""
    known = sorted(set(own_variables) - set(_Lists.model_fields))
    for name in document.get("vars") or {}:
        if name not in known:
            guess = nearest(name, known)
            yield PlainError(
                f"nothing reads a variable '{name}'",
                where=_place(document, file, name),
                remedy=f"Did you mean '{guess}'?" if guess else f"Known: {', '.join(known)}.",
            )
        elif name in _SETTINGS:
            yield from _wrong_setting(document, file, name)


def _wrong_setting(document: CommentedMap, file: str, name: str) -> Iterator[PlainError]:
    value, rule = document["vars"][name], _SETTINGS[name]
    if not rule.holds(value):
        is_one = value is None or isinstance(value, (str, int, float))
        yield PlainError(
            f"{name} is {'null' if value is None else repr(value) if is_one else 'no single value'}",
            where=_place(document, file, name),
            remedy=f"Write {rule.wanted}.",
        )


def _place(document: CommentedMap, file: str, name: str) -> str:
    line, column = position_of(document, ("vars", name))
    return f"{file}:{line}:{column}"

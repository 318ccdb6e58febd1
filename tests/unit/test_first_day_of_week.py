"""Weeks are those of ISO 8601: another first day is refused, not taken and ignored."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from jinja2 import Environment

ROOT = Path(__file__).resolve().parents[2]
# What comes before the SQL of the model, where it looks at the variables.
HEAD = (ROOT / "models/marts/core/dim_dates.sql").read_text().split("with span as")[0]


class Refused(Exception):  # noqa: N818 - stands for dbt's CompilationError
    """What dbt raises for a model that refuses to compile."""


def refuse(message: str) -> None:
    raise Refused(message)


def compile_head(variables: dict[str, Any]) -> None:
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701 - SQL, not HTML
    environment.from_string(HEAD).render(
        var=variables.__getitem__, exceptions=SimpleNamespace(raise_compiler_error=refuse)
    )


def test_weeks_that_begin_on_sunday_are_refused() -> None:
    with pytest.raises(Refused, match=r"first_day_of_week is Sunday: weeks are those of ISO 8601"):
        compile_head({"as_of_date": None, "first_day_of_week": "Sunday"})


def test_the_projects_own_first_day_is_accepted() -> None:
    compile_head(yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"])

"""Where templates are found, and how components are called.

Ours lie in assets/templates; a shop's own lie in `reports/templates/` of its project and come first,
file by file. Ours stay within reach as `ours/NAME`, so that an owner's template may extend one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from traceback import extract_tb
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.environment import TemplateModule
from markupsafe import Markup

from configuration.errors import PlainError

OURS = Path(__file__).parent / "assets" / "templates"
_INSIDE = "components"


def template_environment(owners: Path) -> Environment:
    """Jinja over the owner's folder of templates, which need not exist, and ours."""
    ours = FileSystemLoader(OURS)
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(owners), ours, PrefixLoader({"ours": ours})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["zip"] = zip
    return environment


class Components:
    """The macros in components/, one per file and of its name: `show.chart(view, "h3")`.

    A component sees what its page sees. Its file is read once, for all pages that are made with these
    components (`about`); once per page where it keeps something of its own beside the macro.
    """

    def __init__(self, environment: Environment, variables: Mapping[str, Any]) -> None:
        self._environment = environment
        # One dictionary for good, which the macros hold: the next page's variables take the place of these.
        self._variables = {**environment.globals, **variables, "show": self}
        self._read: dict[str, Callable[..., Markup]] = {}
        self._kept: set[str] = set()

    def about(self, variables: Mapping[str, Any]) -> None:
        """From now on the components see these variables, which have the names of those before."""
        self._variables.update(variables)
        for name in self._kept:
            del self._read[name]
        self._kept.clear()

    def __getattr__(self, name: str) -> Callable[..., Markup]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._read:
            template = self._environment.get_template(f"{_INSIDE}/{name}.html")
            context = template.new_context(self._variables, shared=True)
            module = TemplateModule(template, context)
            if set(context.vars) != {name}:
                self._kept.add(name)
            self._read[name] = getattr(module, name)
        return self._read[name]


def rendered(
    environment: Environment, template: str, show: Components | None = None, **variables: Any
) -> str:
    """The text of a template, with its components at `show`; raises PlainError for a slip in a template.

    With `show` the components of the page before are used again, for this page.
    """
    if show is None:
        show = Components(environment, variables)
    else:
        show.about(variables)
    try:
        return environment.get_template(template).render(**variables, show=show)
    except TemplateError as error:
        raise PlainError(
            f"the template fails: {error.message}",
            where=place_in_template(error),
            remedy="The site was not written. Templates: docs/guides/reports.md.",
        ) from error


def place_in_template(error: Exception) -> str:
    """File and line of the template in which it happened; empty where it was in none."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename}:{error.lineno}"
    frames = [
        frame for frame in extract_tb(error.__traceback__) if frame.filename.endswith(".html")
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""

"""Whether dbt_project.yml names the models of the active sources where it must.

dbt itself does not notice: a source that no canonical table unions is loaded, tested and then counted
nowhere, and a default that forgets a source only fails in a plain `dbt build`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ruamel.yaml.comments import CommentedMap

from configuration.errors import PlainError
from configuration.yaml_file import position_of

_FILE = "dbt_project.yml"


def source_model_problems(document: CommentedMap, active: Sequence[str]) -> Iterator[PlainError]:
    """What is missing or wrong in dbt_project.yml for the sources that are `active`."""
    yield from _not_conforming(document, active)
    yield from _wrong_defaults(document, active)


def _not_conforming(document: CommentedMap, active: Sequence[str]) -> Iterator[PlainError]:
    canonical = document.get("vars", {}).get("conforming_models", {})
    named = {source for models in canonical.values() for source in models}
    for source in active:
        if source not in named:
            yield PlainError(
                f"no model of the source '{source}' is named here, so no figure counts its rows",
                where=_place(document, ("vars", "conforming_models")),
                remedy="Name its staging model under what it gives, such as order_lines; "
                f"if none is meant to count them, write {source}: [] there.",
            )


def _wrong_defaults(document: CommentedMap, active: Sequence[str]) -> Iterator[PlainError]:
    (project,) = document["models"].values()
    for layer in ("staging", "intermediate"):
        for source, options in project.get(layer, {}).items():
            if source.startswith("+") or "active_sources" not in str(options.get("+enabled")):
                continue
            default = [source] if source in active else []
            wanted = f"{{{{ '{source}' in var('active_sources', {default}) }}}}"
            if options["+enabled"] != wanted:
                yield PlainError(
                    f"'{source}' is {'' if default else 'not '}active, and its default says otherwise",
                    where=_place(document, ("models", document["name"], layer, source, "+enabled")),
                    remedy=f'Write +enabled: "{wanted}".',
                )


def _place(document: CommentedMap, location: tuple[str, ...]) -> str:
    line, column = position_of(document, location)
    return f"{_FILE}:{line}:{column}"

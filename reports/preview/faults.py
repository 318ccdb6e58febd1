"""Where in a page something is wrong, so that a preview can draw the rest of it.

What is wrong is known by its line and column. An item that is wrong, or whose dataset is, gives way to
an empty text at the same place of the document; what cannot be set aside is wrong for the page as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from pydantic import ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import Location, Position
from reports.language.datasets import Dataset

_PLACE = re.compile(r":(\d+):(\d+)$")
_LEAST, _MOST = 3, 12  # columns of an item
_OF_A_SECTION, _OF_A_FOLD = 4, 6  # how long the location of an item is


@dataclass
class ItemFault:
    """What is wrong with one item, and how its author calls it."""

    name: str
    title: str
    sql: str
    problems: list[PlainError] = field(default_factory=list)

    def card(self) -> Markup:
        """The card that stands in for the item."""
        title = Markup("<span>{}</span>").format(self.title) if self.title else ""
        told = Markup("").join(_entry(problem) for problem in self.problems)
        sql = (
            Markup("<details open><summary>SQL</summary><pre>{}</pre></details>").format(self.sql)
            if self.sql
            else ""
        )
        return Markup(
            '<div class="preview-fault" role="alert"><p><strong>{}</strong>{}</p><ul>{}</ul>{}</div>'
        ).format(self.name, title, told, sql)


def notice_card(problems: Sequence[PlainError]) -> Markup:
    """A card with what is wrong with texts and filters of the page itself."""
    told = Markup("").join(_entry(problem) for problem in problems)
    return Markup('<div class="preview-fault" role="alert"><ul>{}</ul></div>').format(told)


def _entry(problem: PlainError) -> Markup:
    where = Markup("<code>{}</code> ").format(problem.where) if problem.where else ""
    told = str(problem).removeprefix(f"{problem.where}: ")
    return Markup("<li>{}{}</li>").format(where, told)


class Document:
    """A page's YAML, of which what is wrong can be set aside."""

    def __init__(self, content: CommentedMap) -> None:
        self.content = content
        self.items: dict[Location, ItemFault] = {}
        self.notices: list[PlainError] = []
        self._datasets: set[str] = set()

    def set_aside(self, problems: Sequence[PlainError]) -> None:
        """Take what these problems are about out of the page.

        Raises ConfigurationError with all of them where the page cannot be drawn without it.
        """
        places = _places(self.content)
        located = [(problem, _location(problem, places)) for problem in problems]
        before = self._state()
        if all(self._can_spare(location) for _, location in located):
            for problem, location in located:
                self._take_out(problem, location)
        if self._state() == before:  # nothing could be taken out, and it would be wrong again
            told = [p for fault in self.items.values() for p in fault.problems]
            raise ConfigurationError(
                "the page has errors", problems=list(dict.fromkeys([*problems, *told]))
            )

    def _state(self) -> tuple[int, ...]:
        blank = sum(location is not None for location in self._texts())
        filters = int("filters" in self.content)
        return (len(self.items), len(self._datasets), blank, filters)

    def _can_spare(self, location: Location) -> bool:
        if _item_of(location) is not None or location in self._texts():
            return True
        if location[:1] == ("datasets",) and len(location) > 1:
            template = self.content.get("for_each")
            used = template.get("dataset") if isinstance(template, dict) else None
            return location[1] != used
        return location[:1] == ("filters",)

    def _take_out(self, problem: PlainError, location: Location) -> None:
        item = _item_of(location)
        if item is not None:
            self._take_item(problem, item)
        elif location[0] == "datasets":
            self._take_dataset(problem, str(location[1]))
        elif location[0] == "filters":
            self.content.pop("filters", None)
            if (
                not self._datasets
            ):  # else a filter lacks the column of a dataset that is out already
                self.notices.append(problem)
        else:
            self._blank(location)
            self.notices.append(problem)

    def _take_item(self, problem: PlainError, location: Location) -> None:
        outer = location[:_OF_A_SECTION]
        if location not in self.items and outer in self.items:
            location = outer  # its fold is out
        if location not in self.items:
            held = _at(self.content, location[:-1])
            raw = held[location[-1]]
            self.items[location] = self._fault_of(raw)
            width = raw.get("width") if isinstance(raw, dict) else None
            is_width = isinstance(width, int) and _LEAST <= width <= _MOST
            held[location[-1]] = {
                "type": "text",
                "text": ".",
                "width": width if is_width else _MOST,
            }
        if problem not in self.items[location].problems:
            self.items[location].problems.append(problem)

    def _fault_of(self, raw: Any) -> ItemFault:
        if not isinstance(raw, dict):
            return ItemFault("item", "", "")
        kind = " ".join(str(raw[key]) for key in ("mark", "type") if key in raw)
        title = str(raw.get("title") or "")
        name = str(raw.get("id") or title or kind or "item")
        rest = title if name != title else ""
        told = " · ".join(part for part in (kind if name != kind else "", rest) if part)
        return ItemFault(name, told, self._sql_of(raw.get("dataset")))

    def _sql_of(self, dataset: Any) -> str:
        datasets = self.content.get("datasets")
        raw = datasets.get(dataset) if isinstance(datasets, dict) else None
        if not isinstance(raw, dict):
            return ""
        try:
            return Dataset.model_validate(raw).query.strip()
        except ValidationError:
            return str(raw.get("sql") or "").strip()

    def _take_dataset(self, problem: PlainError, name: str) -> None:
        users = [
            location
            for location, item in _items(self.content)
            if _uses(item, name) and location not in self.items
        ]
        for location in users:
            self._take_item(problem, location)
        for location, text in list(self._texts().items()):
            if f"{{{name}." in text:
                self._blank(location)
        if not users and name not in self._datasets:
            self.notices.append(problem)
        self._datasets.add(name)
        self.content["datasets"][name] = {"sql": "select 1 as one", "order": ["one"]}

    def _texts(self) -> Mapping[Location, str]:
        """The texts of the page itself, which it can do without."""
        found: dict[Location, str] = {}
        if isinstance(self.content.get("period"), str):
            found[("period",)] = self.content["period"]
        sections = self.content.get("sections")
        for index, section in enumerate(sections if isinstance(sections, list) else []):
            if isinstance(section, dict) and isinstance(section.get("intro"), str):
                found[("sections", index, "intro")] = section["intro"]
        return found

    def _blank(self, location: Location) -> None:
        _at(self.content, location[:-1]).pop(location[-1])


def problems_of(error: PlainError) -> tuple[PlainError, ...]:
    """An error's problems; itself where it is one."""
    return error.problems if isinstance(error, ConfigurationError) and error.problems else (error,)


def _location(problem: PlainError, places: Mapping[Position, Location]) -> Location:
    found = _PLACE.search(problem.where)
    return places.get((int(found[1]), int(found[2])), ()) if found else ()


def _places(content: CommentedMap) -> dict[Position, Location]:
    """The innermost part of the document that begins at each line and column."""
    found: dict[Position, Location] = {}
    seen: set[int] = set()

    def walk(node: Any, location: Location) -> None:
        if not isinstance(node, (CommentedMap, CommentedSeq)) or id(node) in seen:
            return
        seen.add(id(node))
        entries = node.items() if isinstance(node, CommentedMap) else enumerate(node)
        marks = node.lc.data or {}
        for key, value in entries:
            if key in marks:
                line, column = marks[key][:2]
                found[line + 1, column + 1] = (*location, key)
            walk(value, (*location, key))

    walk(content, ())
    return found


def _item_of(location: Location) -> Location | None:
    """The item that a part of a page belongs to; the inner one in a fold."""
    if len(location) < _OF_A_SECTION or location[0] != "sections" or location[2] != "items":
        return None
    if len(location) >= _OF_A_FOLD and location[4] == "items":
        return location[:_OF_A_FOLD]
    return location[:_OF_A_SECTION]


def _items(content: CommentedMap) -> Iterator[tuple[Location, Any]]:
    sections = content.get("sections")
    for index, section in enumerate(sections if isinstance(sections, list) else []):
        items = section.get("items") if isinstance(section, dict) else None
        for number, item in enumerate(items if isinstance(items, list) else []):
            location: Location = ("sections", index, "items", number)
            yield location, item
            inner = item.get("items") if isinstance(item, dict) else None
            for place, one in enumerate(inner if isinstance(inner, list) else []):
                yield (*location, "items", place), one


def _uses(item: Any, dataset: str) -> bool:
    if not isinstance(item, dict):
        return False
    texts = [item.get("headline"), item.get("subtitle"), item.get("text")]
    sentences = item.get("sentences")
    texts += sentences if isinstance(sentences, list) else []
    return item.get("dataset") == dataset or any(f"{{{dataset}." in str(text) for text in texts)


def _at(node: Any, location: Location) -> Any:
    for step in location:
        node = node[step]
    return node


def page_of_problems(problems: Sequence[PlainError], title: str) -> Markup:
    """A whole page that tells what is wrong; it needs none of the site's templates, which may be at fault."""
    return Markup(
        '<!DOCTYPE html>\n<html lang="en" data-ready="true"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>{title}</title></head><body class="preview-page"><main><h1>{title}</h1>'
        "<p>This page comes back by itself when the file is mended and saved.</p>{card}"
        "</main></body></html>\n"
    ).format(title=title, card=notice_card(problems))

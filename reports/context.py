"""A page while it is made: its rows, its formatter, and texts with values in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import duckdb
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from configuration.yaml_file import Location
from reports.charts.rows import Answers, Source, Split
from reports.formats import FormatName, Formatter, Value
from reports.frames import Frame
from reports.language.filters import Compare
from reports.language.links import Link
from reports.pages import Page
from reports.placeholders import Placeholder, placeholders, substitute, without_missing, written

# HTML in an author's Markdown is shown as text; so is what values hold.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
Addresses = Mapping[str, Mapping[Value, str]]
_KEPT = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True)
class Own:
    """What a page of a template is about."""

    key: Value
    title: str


@dataclass(frozen=True)
class Context:
    """What the items of one page need; `frames` are its datasets' rows by name.

    `own` is there on a page of a template, whose rows are a part of its datasets'. `addresses` are
    the files of the pages that links may lead to, by page and key (None for a page that is one).
    """

    page: Page
    connection: duckdb.DuckDBPyConnection
    frames: Mapping[str, Frame]
    formatter: Formatter
    words: Mapping[str, str]
    addresses: Addresses
    answers: Answers
    own: Own | None = None

    def source(self, dataset: str, location: Location) -> Source:
        """Where an item finds a dataset's rows to compute metrics over."""
        return Source(
            self.connection,
            table_of(self.page, dataset),
            self.frames[dataset].fields,
            self.page.metrics,
            lambda part: self.page.problem((*location, *part), "").where,
            self.words,
            self.answers,
            self.page.annotations,
            self._split(dataset),
            self.page.spec.datasets[dataset].filterable,
            self.frames[dataset],
        )

    def _split(self, dataset: str) -> Split | None:
        template = self.page.spec.for_each
        names = [field.name for field in self.frames[dataset].fields]
        if self.own is None or template is None or template.key not in names:
            return None
        return Split(template.key, self.own.key)

    def compared(self, chosen: Sequence[Compare] | None) -> list[Compare]:
        """What figures are compared with: the item's word, else the page's, else the site's."""
        for choice in (chosen, self.page.spec.compare):
            if choice is not None:
                return list(choice)
        return list(self.page.site.compare)

    def href(self, link: Link, key: Value) -> str | None:
        """The file of the page that a link leads to; None where there is no such page."""
        return self.addresses[link.page].get(key)

    def text(self, template: str) -> str:
        """A text with its values; empty when one of them is missing."""
        if "{" not in template and "[" not in template:
            return template
        template = without_missing(template, self._lacks_value)
        return substitute(template, self._write)

    def title(self, text: str) -> str:
        """A heading: only on the pages of a template may it hold values."""
        return self.text(text) if self.own else text

    def markdown(self, template: str) -> Markup:
        """Markdown with its values, as HTML; empty when one is missing.

        A value stays text whatever characters it holds: it is put in after Markdown has been read.
        """
        template = without_missing(template, self._lacks_value)
        html, kept = _markdown(template)
        values = [str(escape(self._write(placeholder))) for placeholder in kept]
        return Markup(_KEPT.sub(lambda match: values[int(match[1])], html))  # noqa: S704

    def _lacks_value(self, template: str) -> bool:
        return any(self._value(item)[0] is None for item in placeholders(template))

    def _write(self, placeholder: Placeholder) -> str:
        return written(placeholder, *self._value(placeholder), self.formatter)

    def _value(self, placeholder: Placeholder) -> tuple[Value, FormatName]:
        if not placeholder.dataset and self.own:
            return (self.own.key if placeholder.column == "key" else self.own.title), "text"
        frame = self.frames[placeholder.dataset]
        index = frame.index(placeholder.column)
        return (frame.rows[0][index] if frame.rows else None), frame.fields[index].format


@lru_cache(maxsize=1024)
def _markdown(template: str) -> tuple[str, tuple[Placeholder, ...]]:
    """The HTML of Markdown with marks where its values belong; read once for all pages of a template."""
    kept: list[Placeholder] = []

    def keep(placeholder: Placeholder) -> str:
        kept.append(placeholder)
        return f"\ue000{len(kept) - 1}\ue001"

    return _MARKDOWN.render(substitute(template, keep)), tuple(kept)


def table_of(page: Page, dataset: str) -> str:
    """The temporary table of a dataset while the pages are made."""
    return f"{page.id}.{dataset}"

"""A page while it is made: its rows, its formatter, and texts with values in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from configuration.yaml_file import Location
from reports.charts.rows import Source
from reports.formats import FormatName, Formatter, Value
from reports.frames import Frame
from reports.pages import Page
from reports.placeholders import Placeholder, placeholders, substitute, without_missing, written

# HTML in an author's Markdown is shown as text; so is what values hold.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_KEPT = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True)
class Context:
    """What the items of one page need; `frames` are its datasets' rows by name."""

    page: Page
    connection: duckdb.DuckDBPyConnection
    frames: Mapping[str, Frame]
    formatter: Formatter
    words: Mapping[str, str]

    def source(self, dataset: str, location: Location) -> Source:
        """Where an item finds a dataset's rows to compute metrics over."""
        return Source(
            self.connection,
            table_of(dataset),
            self.frames[dataset].fields,
            self.page.metrics,
            lambda part: self.page.problem((*location, *part), "").where,
        )

    def text(self, template: str) -> str:
        """A text with its values; empty when one of them is missing."""
        template = without_missing(template, self._lacks_value)
        return substitute(template, self._write)

    def markdown(self, template: str) -> Markup:
        """Markdown with its values, as HTML; empty when one is missing.

        A value stays text whatever characters it holds: it is put in after Markdown has been read.
        """
        template = without_missing(template, self._lacks_value)
        values: list[str] = []

        def keep(placeholder: Placeholder) -> str:
            values.append(self._write(placeholder))
            return f"\ue000{len(values) - 1}\ue001"

        html = _MARKDOWN.render(substitute(template, keep))
        return Markup(_KEPT.sub(lambda match: str(escape(values[int(match[1])])), html))  # noqa: S704

    def _lacks_value(self, template: str) -> bool:
        return any(self._value(item)[0] is None for item in placeholders(template))

    def _write(self, placeholder: Placeholder) -> str:
        return written(placeholder, *self._value(placeholder), self.formatter)

    def _value(self, placeholder: Placeholder) -> tuple[Value, FormatName]:
        frame = self.frames[placeholder.dataset]
        index = frame.index(placeholder.column)
        return (frame.rows[0][index] if frame.rows else None), frame.fields[index].format


def table_of(dataset: str) -> str:
    """The temporary table of a dataset while its page is made."""
    return f"dataset_{dataset}"

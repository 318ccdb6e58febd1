"""What a reader has chosen on a page, and how the address keeps it.

Filters are declared by the page's YAML and described by `reports.filtering`, as for the static page, and the
address is the same: `?country=DE&country=FR&period=30d`, or `&from=2026-01-01&to=2026-02-01`, `&compare=none`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from reports.filtering import Filtering

ALL, NONE = "all", "none"
Query = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Span:
    """A range of days, both included; `name` is that of a preset, or empty."""

    name: str
    first: date
    last: date


@dataclass(frozen=True)
class Control:
    """A filter as readers see it: `texts` stand for its `values`, `presets` are spans by their labels."""

    field: str
    kind: str
    label: str
    values: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    chosen_first: tuple[str, ...] = ()
    presets: tuple[tuple[str, Span], ...] = ()
    whole: Span | None = None
    span_first: Span | None = None

    def span(self, name: str) -> Span | None:
        """The span of a preset."""
        if name == ALL:
            return self.whole
        return next((span for _, span in self.presets if span.name == name), None)


@dataclass(frozen=True)
class Choice:
    """Spans and values by field, and what figures are compared with (None: the page has no such control)."""

    spans: Mapping[str, Span]
    values: Mapping[str, tuple[str, ...]]
    compare: str | None


@dataclass(frozen=True)
class Controls:
    """All that can be chosen on a page; `reach` are the fields that each item is filtered by, by its id."""

    filters: tuple[Control, ...] = ()
    comparisons: tuple[str, ...] = ()
    first_comparison: str | None = None
    reach: Mapping[str, tuple[str, ...]] | None = None

    @property
    def at_first(self) -> Choice:
        """What is chosen before a reader chooses."""
        return Choice(
            {one.field: one.span_first for one in self.filters if one.span_first},
            {one.field: one.chosen_first for one in self.filters if one.whole is None},
            self.first_comparison,
        )

    def narrowing(self, choice: Choice) -> list[Control]:
        """The filters that leave something out."""
        return [one for one in self.filters if not _is_everything(one, choice)]


def controls_of(filtering: Filtering) -> Controls:
    """The controls that a page declares; a range over no dates is none, nor is a comparison of nothing."""
    declared: Mapping[str, Any] = filtering.filters
    if not declared:
        return Controls()
    found = [_control(one) for one in declared["filters"] if _has_something(one)]
    items = declared["items"]
    choices = tuple(declared["compare"]["choices"])
    compares = len(choices) > 1 and any(recipe["kind"] == "kpis" for recipe in items.values())
    return Controls(
        tuple(found),
        choices if compares else (),
        declared["compare"]["default"] if compares else None,
        {
            **{name: tuple(recipe["by"]) for name, recipe in items.items()},
            **dict.fromkeys(declared["untouched"], ()),
        },
    )


def read_choice(controls: Controls, query: Query) -> Choice:
    """The choice that an address asks for; what it does not name, or names wrongly, is as at first."""
    chosen = controls.at_first
    spans, values = dict(chosen.spans), dict(chosen.values)
    for one, prefix in _with_prefixes(controls):
        if one.whole is not None:
            spans[one.field] = _asked_span(one, prefix, query) or spans[one.field]
        elif one.field in query:
            known = [text for text in dict.fromkeys(query[one.field]) if text in one.values]
            values[one.field] = tuple(known[:1] if one.kind == "one" else known)
    asked = next(iter(query.get("compare", ())), None)
    compare = asked if asked in controls.comparisons else chosen.compare
    return Choice(spans, values, compare)


def write_choice(controls: Controls, choice: Choice) -> dict[str, list[str]]:
    """The part of an address that keeps a choice; what is as at first is left out."""
    found: dict[str, list[str]] = {}
    at_first = controls.at_first
    for one, prefix in _with_prefixes(controls):
        if one.whole is None:
            chosen = choice.values[one.field]
            if chosen != at_first.values[one.field]:
                found[one.field] = list(chosen) or [""]
        elif (span := choice.spans[one.field]) != at_first.spans[one.field]:
            if span.name:
                found[f"{prefix}period"] = [span.name]
            else:
                found[f"{prefix}from"] = [span.first.isoformat()]
                found[f"{prefix}to"] = [span.last.isoformat()]
    if choice.compare != at_first.compare and choice.compare:
        found["compare"] = [choice.compare]
    return found


def _is_everything(control: Control, choice: Choice) -> bool:
    if control.whole is None:
        return not choice.values[control.field]
    span = choice.spans[control.field]
    return span.first <= control.whole.first and span.last >= control.whole.last


def _with_prefixes(controls: Controls) -> Iterator[tuple[Control, str]]:
    """The first range is called plainly in the address, further ones with their field."""
    ranges = [one for one in controls.filters if one.whole is not None]
    for one in controls.filters:
        yield one, f"{one.field}." if one in ranges[1:] else ""


def _asked_span(control: Control, prefix: str, query: Query) -> Span | None:
    named = control.span(next(iter(query.get(f"{prefix}period", ())), ""))
    if named or control.whole is None:
        return named
    first, last = (_day(query.get(f"{prefix}{end}", ())) for end in ("from", "to"))
    if first is None and last is None:
        return None
    ends = sorted((first or control.whole.first, last or control.whole.last))
    return Span("", ends[0], ends[1])


def _day(texts: Sequence[str]) -> date | None:
    try:
        return date.fromisoformat(texts[0]) if texts else None
    except ValueError:
        return None


def _has_something(declared: Mapping[str, Any]) -> bool:
    return declared["kind"] != "date_range" or declared["first"] is not None


def _control(declared: Mapping[str, Any]) -> Control:
    field, kind, label = declared["field"], declared["kind"], declared["label"]
    if kind != "date_range":
        first = declared["default"]
        chosen = tuple(first) if isinstance(first, list) else (first,) if first else ()
        return Control(
            field, kind, label, tuple(declared["values"]), tuple(declared["texts"]), chosen
        )
    whole = Span(ALL, date.fromisoformat(declared["first"]), date.fromisoformat(declared["last"]))
    presets = tuple(
        (
            one["label"],
            Span(one["name"], date.fromisoformat(one["from"]), date.fromisoformat(one["to"])),
        )
        for one in declared["presets"]
    )
    bare = Control(field, kind, label, presets=presets, whole=whole)
    return replace(bare, span_first=bare.span(declared["default"]) or whole)

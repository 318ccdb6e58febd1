"""The controls of a page as Streamlit's widgets. The address is the truth: they show it, and change it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import streamlit as st

from reports.dashboard.choice import Choice, Control, Controls, Span, read_choice, write_choice
from reports.settings import Settings

OF = "of"  # which of a template's pages
_OWN = ""  # the name of a span that is no preset
_BOTH = 2  # ends of a span
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:])")
_DAY_FORMATS = {
    "de": "DD.MM.YYYY",
    "fr": "DD/MM/YYYY",
    "en_GB": "DD/MM/YYYY",
    "en_US": "MM/DD/YYYY",
}


def asked() -> dict[str, list[str]]:
    """The query of the address."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def as_text(text: str) -> str:
    """A text for a place where Streamlit reads Markdown."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


@dataclass(frozen=True)
class Bar:
    """The controls of the page `name`."""

    name: str
    controls: Controls
    settings: Settings

    @property
    def choice(self) -> Choice:
        """What the address says."""
        return read_choice(self.controls, asked())

    def show(self) -> None:
        """Put the widgets side by side; below them, in words, what is left out."""
        if not self.controls.filters and not self.controls.comparisons:
            return
        choice, words = self.choice, self.settings.words
        with st.container(horizontal=True, vertical_alignment="bottom"):
            for one in self.controls.filters:
                self._filter(one, choice)
            if self.controls.comparisons:
                self._compare(choice)
            if write_choice(self.controls, choice):
                st.button(words["filter_reset"], key=self._key("reset"), on_click=self._reset)
        told = [
            f"{one.label}: {self._told(one, choice)}" for one in self.controls.narrowing(choice)
        ]
        if told:
            st.caption(as_text(words["filtered_by"].format(filters="; ".join(told))))

    def _filter(self, control: Control, choice: Choice) -> None:
        if control.whole is not None:
            self._range(control, choice)
            return
        key, words = self._key(control.field), self.settings.words
        texts = dict(zip(control.values, control.texts, strict=True))
        chosen = [text for text in choice.values[control.field] if text in texts]
        label = as_text(control.label)
        if control.kind == "one":
            texts = {_OWN: words["filter_all"], **texts}
            st.session_state[key] = chosen[0] if chosen else _OWN
            st.selectbox(
                label,
                list(texts),
                key=key,
                format_func=lambda value: texts[value],
                on_change=self._changed(key, lambda value: _valued(self.choice, control, (value,))),
                width=220,
            )
            return
        st.session_state[key] = chosen
        st.multiselect(
            label,
            list(texts),
            key=key,
            format_func=lambda value: texts[value],
            placeholder=words["filter_all"],
            on_change=self._changed(key, lambda value: _valued(self.choice, control, value)),
            width=320,
        )

    def _range(self, control: Control, choice: Choice) -> None:
        whole, words = control.whole, self.settings.words
        assert whole is not None  # noqa: S101 - a control with a range has one
        names = {span.name: label for label, span in control.presets}
        names = {**names, whole.name: names.get(whole.name, words["preset_all"])}
        names[_OWN] = words["own_days"]
        span, key = choice.spans[control.field], self._key(control.field)
        st.session_state[key] = span.name

        def of_name(name: str) -> Choice:
            now = self.choice.spans[control.field]
            return _spanned(self.choice, control, control.span(name) or replace(now, name=_OWN))

        st.selectbox(
            as_text(control.label),
            list(names),
            key=key,
            format_func=lambda name: names[name],
            on_change=self._changed(key, of_name),
            width=220,
        )
        if span.name == _OWN:
            self._days(control, span, whole)

    def _days(self, control: Control, span: Span, whole: Span) -> None:
        key, words = self._key(f"{control.field} days"), self.settings.words
        held = st.session_state.get(key)
        if held is None or len(held) == _BOTH:  # else the reader has chosen the first of two
            st.session_state[key] = (span.first, span.last)

        def of_days(days: tuple[date, ...]) -> Choice:
            if len(days) < _BOTH:
                return self.choice
            return _spanned(self.choice, control, Span(_OWN, days[0], days[1]))

        locale = self.settings.formatter.locale
        st.date_input(
            f"{words['filter_from']} \N{EN DASH} {words['filter_to']}",
            min_value=min(whole.first, span.first),
            max_value=max(whole.last, span.last),
            key=key,
            format=_DAY_FORMATS.get(locale, _DAY_FORMATS.get(locale[:2], "YYYY-MM-DD")),
            on_change=self._changed(key, of_days),
            width=260,
        )

    def _compare(self, choice: Choice) -> None:
        key, words = self._key("compare"), self.settings.words
        st.session_state[key] = choice.compare
        st.selectbox(
            words["compare"],
            self.controls.comparisons,
            key=key,
            format_func=lambda name: words[f"compare_{name}"],
            on_change=self._changed(key, lambda name: replace(self.choice, compare=name)),
            width=220,
        )

    def _key(self, part: str) -> str:
        return f"{self.name}|{part}"

    def _changed(self, key: str, chosen: Callable[..., Choice]) -> Callable[[], None]:
        return lambda: self._write(chosen(st.session_state[key]))

    def _reset(self) -> None:
        self._write(self.controls.at_first)

    def _write(self, choice: Choice) -> None:
        known: Mapping[str, list[str]] = write_choice(self.controls, choice)
        of = {OF: st.query_params.get_all(OF)} if OF in st.query_params else {}
        st.query_params.from_dict({**of, **known})

    def _told(self, control: Control, choice: Choice) -> str:
        if control.whole is None:
            return ", ".join(choice.values[control.field])
        span, formatter = choice.spans[control.field], self.settings.formatter
        return " \N{EN DASH} ".join(formatter.text(day, "date") for day in (span.first, span.last))


def _valued(choice: Choice, control: Control, values: tuple[str, ...]) -> Choice:
    kept = tuple(value for value in control.values if value in values)
    return replace(choice, values={**choice.values, control.field: kept})


def _spanned(choice: Choice, control: Control, span: Span) -> Choice:
    return replace(choice, spans={**choice.spans, control.field: span})

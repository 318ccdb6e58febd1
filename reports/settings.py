"""How one page writes and looks: its language, currency and theme; the site's where it names none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from reports.formats import Formatter
from reports.language.page import PageFile
from reports.language.site import SiteFile
from reports.language.theme import Mode, theme_of
from reports.words import words_for


@dataclass(frozen=True, eq=False)  # one per page file, and known by itself
class Settings:
    """The settings of a page; `css` sets the colours that its owner chose."""

    formatter: Formatter
    words: Mapping[str, str]
    language: str
    theme: Mode
    css: Markup


def settings_of(site: SiteFile, page: PageFile | None, reporting_currency: str) -> Settings:
    """The settings of a page, or of the list of pages."""
    locale = (page and page.locale) or site.locale
    currency = (page and page.currency) or site.currency or reporting_currency
    theme = theme_of((page and page.theme) or site.theme)
    return Settings(
        Formatter(locale, currency),
        words_for(locale),
        locale.replace("_", "-"),
        theme.mode,
        Markup(theme.css),  # noqa: S704 - names of ours, and colours of six hexadecimal digits
    )

"""What a page says about the release that it stands in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class ReleaseFacts:
    """The facts of a release that its pages print; `created_at` is UTC.

    `docs_href` is the address of the dbt docs, relative to the site's folder.
    """

    release_id: str
    created_at: datetime
    as_of_date: date | None
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    tests_passed: int
    tests_warned: int = 0
    models: int = 0
    reporting_currency: str = "EUR"
    business_timezone: str = "UTC"
    sources: tuple[str, ...] = ()
    docs_href: str | None = None

"""`reports/site.yml`: what all pages share."""

from __future__ import annotations

from typing import Literal

from babel import Locale, UnknownLocaleError
from pydantic import Field, field_validator

from configuration.yaml_file import Block
from reports.language.metrics import Metric
from reports.language.names import Name


class Owner(Block):
    """Who answers for the pages; dbt's exposures name them."""

    name: str
    email: str | None = None


class SiteFile(Block):
    """What all pages share."""

    title: str
    description: str = ""
    locale: str = Field("en_GB", description="Language and number format, as Babel names them.")
    currency: str | None = Field(
        None, pattern=r"^[A-Z]{3}$", description="Absent: the reporting currency of the release."
    )
    theme: Literal["auto", "light", "dark"] = "auto"
    owner: Owner = Owner(name="The owner of the shop")
    metrics: dict[Name, Metric] = Field({})

    @field_validator("locale")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            return str(Locale.parse(name.replace("-", "_")))
        except (ValueError, UnknownLocaleError):
            raise ValueError("no such locale; write one such as en_GB, de_DE or es") from None

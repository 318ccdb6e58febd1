"""`reports/site.yml`: what all pages share."""

from __future__ import annotations

from pydantic import Field

from configuration.yaml_file import Block
from reports.language.annotations import Annotation
from reports.language.filters import Compare
from reports.language.locales import Currency, LocaleName
from reports.language.metrics import Metric
from reports.language.names import Name
from reports.language.theme import Mode, Theme


class Owner(Block):
    """Who answers for the pages; dbt's exposures name them."""

    name: str
    email: str | None = None


class SiteFile(Block):
    """What all pages share."""

    title: str
    description: str = ""
    locale: LocaleName = Field(
        "en_GB", description="Language and number format, as Babel names them."
    )
    currency: Currency | None = Field(
        None, description="Absent: the reporting currency of the release."
    )
    theme: Mode | Theme = "auto"
    compare: list[Compare] = Field(
        ["previous", "previous_year"], description="What figures are compared with."
    )
    owner: Owner = Owner(name="The owner of the shop")
    metrics: dict[Name, Metric] = Field({})
    annotations: list[Annotation] = Field(
        [], description="What happened; charts over dates show it."
    )

"""The JSON Schemas that editors use, generated from the models."""

from __future__ import annotations

from typing import Any

from reports.language.page import PageFile
from reports.language.site import SiteFile


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas by file name in `reports/`."""
    return {
        "report.schema.json": PageFile.model_json_schema(),
        "site.schema.json": SiteFile.model_json_schema(),
    }

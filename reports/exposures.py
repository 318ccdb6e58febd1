"""dbt exposures, one per page, so that the lineage in the dbt docs ends in the reports."""

from __future__ import annotations

import io
from collections.abc import Sequence

from ruamel.yaml import YAML

from reports.pages import Page

HEADER = """\
# Generated from reports/pages/*.yml by `till generate`; do not edit.
"""


def exposures_yaml(pages: Sequence[Page]) -> str:
    """The text of a dbt properties file with one exposure per page, in the order of their names."""
    document = {
        "version": 2,
        "exposures": [_exposure(page) for page in sorted(pages, key=lambda page: page.id)],
    }
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 200
    text = io.StringIO()
    yaml.dump(document, text)
    return HEADER + text.getvalue()


def marts_of(page: Page) -> list[str]:
    """The marts that a page's queries read."""
    return sorted({table for reads in page.reads.values() for table in reads.tables})


def _exposure(page: Page) -> dict[str, object]:
    owner = {"name": page.site.owner.name}
    if page.site.owner.email:
        owner["email"] = page.site.owner.email
    return {
        "name": f"report_{page.id}",
        "label": page.title,
        "type": "dashboard",
        "description": page.description,
        "depends_on": [f"ref('{mart}')" for mart in marts_of(page)],
        "owner": owner,
    }

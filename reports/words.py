"""The words of the pages that are not an author's: one mapping per language.

Only English is here; another language is another mapping with the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "all_pages": "All pages",
    "chart_area": "Area chart",
    "chart_bar": "Bar chart",
    "chart_heatmap": "Heat map",
    "chart_line": "Line chart",
    "created": "Made (UTC)",
    "csv": "Download CSV",
    "data_sql": "Data, SQL and download",
    "data_table": "Data of this chart",
    "data_up_to": "Data up to",
    "days_before": "the {days} days before",
    "dbt_docs": "How each figure is made (dbt docs)",
    "definitions": "Definitions",
    "empty_events": "There are no rows for this yet: {mart} fills with the first events of a source, "
    "such as the visits to a web shop.",
    "empty_few_sales": "There are no rows for this yet: {mart} fills once there are sales enough for it.",
    "empty_item": "There are no rows for this yet.",
    "empty_loads": "There are no rows for this yet: {mart} fills with the first load of a source.",
    "empty_mart": "There are no rows for this yet: {mart} is empty.",
    "empty_page": "There is no data yet. As soon as the first sales are loaded, this page shows them.",
    "empty_rows": "There are no rows for this yet: no row of {marts} is of the kind that is shown here.",
    "empty_sales": "There are no rows for this yet: {mart} fills with the first sales that a source brings.",
    "empty_title": "Nothing here yet",
    "from_to": "From {first} to {last}",
    "highest": "highest {value} ({where})",
    "in_progress": "not complete yet",
    "in_progress_rows": "A pale row is not complete yet.",
    "last": "last {value} ({where})",
    "last_rows": "The last {shown} of {count} rows.",
    "lowest": "lowest {value} ({where})",
    "needs_script": "This browser does not run the script that draws charts: their figures stand in tables.",
    "new": "new",
    "not_compared": "Not compared with earlier: the data of {period} is not complete.",
    "not_compared_with": "Not compared with {period}, whose data is not complete.",
    "points": "{count} points",
    "release": "Release",
    "rows_loaded": "Rows loaded",
    "rows_read": "Rows read",
    "rows_rejected": "Rows rejected",
    "rows_shown": "{shown} of {count} rows are shown; the download has all.",
    "skip": "Skip to the content",
    "sources": "Sources",
    "sql": "SQL",
    "stamp": "About this release",
    "tests_passed": "Tests passed",
    "tests_warned": "{count} with a warning",
    "theme": "Switch between light and dark",
    "total": "Total",
    "versus": "vs {period}",
}

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH}


def words_for(locale: str) -> Mapping[str, str]:
    """The words of a locale's language; English where a language is not here."""
    return LANGUAGES.get(
        locale.split("_", maxsplit=1)[0].split("-", maxsplit=1)[0].lower(), ENGLISH
    )

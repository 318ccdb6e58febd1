"""The words of the pages that are not an author's: one mapping per language.

Only English is here; another language is another mapping with the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "all_pages": "All pages",
    "annotations": "What happened",
    "chart_area": "Area chart",
    "chart_bar": "Bar chart",
    "chart_heatmap": "Heat map",
    "chart_line": "Line chart",
    "chart_links": "Pages behind this chart",
    "created": "Made (UTC)",
    "csv": "Download CSV",
    "data_sql": "Data, SQL and download",
    "data_table": "Data of this chart",
    "data_up_to": "Data up to",
    "days_before": "the {days} days before",
    "dbt_docs": "How each figure is made (dbt docs)",
    "definitions": "Definitions",
    "empty_item": "There are no rows for this yet.",
    "empty_page": "There is no data yet. As soon as the first sales are loaded, this page shows them.",
    "empty_title": "Nothing here yet",
    "expected_age": "The data of “{dataset}” ends on {day}; it should be at most {days} days old.",
    "expected_rows": "“{dataset}” has {count} rows, fewer than the {least} expected.",
    "expected_values": "In “{dataset}”, {count} rows have no value in {column}.",
    "from_to": "From {first} to {last}",
    "highest": "highest {value} ({where})",
    "in_progress": "not complete yet",
    "in_progress_rows": "A pale row is not complete yet.",
    "last": "last {value} ({where})",
    "last_rows": "The last {shown} of {count} rows.",
    "lowest": "lowest {value} ({where})",
    "mean": "Mean",
    "needs_script": "This browser does not run the script that draws charts: their figures stand in tables.",
    "new": "new",
    "not_compared": "Not compared with earlier: the data of {period} is not complete.",
    "not_compared_with": "Not compared with {period}, whose data is not complete.",
    "page_list": "{count} pages",
    "points": "{count} points",
    "preset_12m": "Last 12 months",
    "preset_30d": "Last 30 days",
    "preset_3m": "Last 3 months",
    "preset_6m": "Last 6 months",
    "preset_7d": "Last 7 days",
    "preset_90d": "Last 90 days",
    "preset_all": "All",
    "preset_last_month": "Last month",
    "preset_last_year": "Last year",
    "preset_mtd": "This month",
    "preset_qtd": "This quarter",
    "preset_ytd": "This year",
    "quality_warning": "Please read with care",
    "release": "Release",
    "rows_loaded": "Rows loaded",
    "rows_read": "Rows read",
    "rows_rejected": "Rows rejected",
    "rows_shown": "{shown} of {count} rows are shown; the download has all.",
    "skip": "Skip to the content",
    "sources": "Sources",
    "sql": "SQL",
    "stamp": "About this release",
    "target": "Target",
    "target_of": "of {target}",
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

"""The script of all pages, put together from its parts, and what it needs to know of the language."""

from __future__ import annotations

import json
from pathlib import Path

from reports.charts.ticks import AXIS_FORMATS
from reports.formats import Formatter
from reports.words import words_for

PARTS = Path(__file__).parent / "assets" / "script"
# The order matters where a part runs code at once; most only define functions.
ORDER = (
    "start", "formats", "theme", "charts", "hover", "tables", "downloads", "behind",
    "rows", "metrics", "axes", "live", "filters", "search", "navigation", "print", "wiring",
)  # fmt: skip
_SHARED = (
    "add: (id, entry) => { entries.set(id, entry); }",
    "speak",
    "csvOf",
    "writeNumber",
    "writeDate",
    "dataset: addDataset",
    "metrics: addMetrics",
    "filters: declareFilters",
    "pages: usePages",
)


def page_script() -> str:
    """One script that defines `TILLHOUSE`; its parts share one scope of their own."""
    parts = [(PARTS / f"{name}.js").read_text(encoding="utf-8") for name in ORDER]
    shared = ",\n  ".join(_SHARED)
    return (
        '"use strict";\nconst TILLHOUSE = (() => {\n'
        + "\n".join(parts)
        + f"\nreturn {{\n  {shared},\n}};\n}})();\n"
    )


def language_script(formatter: Formatter) -> str:
    """Formats and words of a site for its script: `TILLHOUSE.speak({...})`, in ASCII."""
    shipped = {
        "tag": formatter.locale.replace("_", "-"),
        "formats": formatter.as_json(),
        "words": dict(words_for(formatter.locale)),
        "axes": [[start, list(names)] for start, names in AXIS_FORMATS],
    }
    text = json.dumps(shipped, ensure_ascii=True, separators=(",", ":")).replace("</", "<\\/")
    return f"TILLHOUSE.speak({text});\n"

"""The files that all pages of a site share: style, script, and Plotly's script."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reports.formats import Formatter
from reports.page_script import language_script, page_script

ASSETS = Path(__file__).parent / "assets"
STYLE = ("report.css", "style/items.css", "style/tools.css", "style/filters.css")
# Plotly's file wraps its code in a function, which makes the browser parse all of it twice.
_WRAPPER_START = '=> {\n"use strict";var Plotly=('
_WRAPPER_END = "\nreturn Plotly;\n}));"


@dataclass(frozen=True)
class SharedFile:
    """A file of the site: its address relative to the site's folder, and its bytes.

    The name carries a hash of the content, so that browsers and servers may keep it for ever.
    """

    href: str
    content: bytes


def shared_files() -> Mapping[str, SharedFile]:
    """Style, script and Plotly by the names `style`, `script` and `plotly`."""
    return {
        "style": _named(
            "report", ".css", b"\n".join((ASSETS / part).read_bytes() for part in STYLE)
        ),
        "script": _named("report", ".js", page_script().encode()),
        "plotly": _named("plotly", ".js", plotly_script().encode()),
    }


def plotly_script() -> str:
    """Plotly's script from its wheel, without the wrapper around it: a third less time to start."""
    import plotly  # noqa: PLC0415 - only its packaged file is needed, and only here

    path = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return unwrapped(path.read_text(encoding="utf-8"))


def unwrapped(script: str) -> str:
    """`script` without Plotly's module wrapper; as it is where the wrapper looks different."""
    head, start, body = script.partition(_WRAPPER_START)
    body, end, rest = body.rpartition(_WRAPPER_END)
    licence, comment_end, _ = head.partition("*/")
    if not (start and end and comment_end) or rest.strip(" \n;"):
        return script
    return f'{licence}*/\n"use strict";var Plotly=({body}\n'


def language_file(formatter: Formatter) -> SharedFile:
    """Formats and words of a site, which its script reads."""
    return _named("language", ".js", language_script(formatter).encode())


def _named(stem: str, suffix: str, content: bytes) -> SharedFile:
    digest = hashlib.sha256(content).hexdigest()[:10]
    return SharedFile(f"assets/{stem}-{digest}{suffix}", content)

"""The files of the Explore page beside those of a site, made of what `make assets` has built."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment

from configuration.errors import PlainError
from reports.asset_files import named
from reports.built_assets import ASSETS, BuiltAssets, built_assets
from reports.explore.database import explore_database
from reports.explore.descriptions import Described
from reports.explore.questions import fitting
from reports.templating import rendered

# In this order: the page's script, which makes the place for the parts, first.
_PARTS = ("duckdb-api", "duckdb-worker", "duckdb-wasm")


def explore_files(
    environment: Environment,
    marts: Mapping[str, Sequence[Path]],
    described: Mapping[str, Described],
) -> dict[str, bytes]:
    """explore.html with its scripts and its data; raises PlainError where nothing is built."""
    built = require_built()
    database = explore_database(marts)
    listed = [
        {
            "name": mart.name,
            "rows": mart.rows,
            "text": described.get(mart.name, Described()).text,
            "columns": [
                (name, kind, described.get(mart.name, Described()).columns.get(name, ""))
                for name, kind in mart.columns
            ],
        }
        for mart in database.marts
    ]
    packed = base64.b64encode(gzip.compress(database.content, 9, mtime=0)).decode()
    scripts = [named("explore", ".js", (ASSETS / "explore.js").read_bytes())]
    scripts += [named(part, ".js", (built.folder / f"{part}.js").read_bytes()) for part in _PARTS]
    notice = named("duckdb", ".NOTICE.txt", (built.folder / "duckdb.NOTICE.txt").read_bytes())
    html = rendered(
        environment,
        "explore.html",
        here="explore",
        marts=listed,
        left_out=database.left_out,
        questions=fitting(database.marts),
        scripts=[script.href for script in scripts],
    )
    return {
        "explore.html": html.encode(),
        "data/explore.js": f"TILLHOUSE_PARTS.database={json.dumps(packed)};\n".encode(),
        **{file.href: file.content for file in (*scripts, notice)},
    }


def require_built() -> BuiltAssets:
    """What `make assets` has built; raises PlainError where it has not, or not of late."""
    built = built_assets()
    if built is None:
        raise PlainError(
            "the Explore page needs the browser's DuckDB, which is not built here",
            remedy="Install Node 20 with npm and run `make assets`.",
        )
    return built

"""What the dbt project is made of, as one hash: says whether a build can differ but for its data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from till.project import Project

_FOLDERS = ("models", "macros", "seeds", "tests/data", "tests/generic")
_FILES = ("dbt_project.yml", "profiles.yml")
# A new version of these may compute something else from the same SQL.
_ENGINES = ("dbt-core", "dbt-duckdb", "duckdb")


def model_code_sha256(project: Project, variables: Mapping[str, Any]) -> str:
    """The hash of every file that dbt reads, of its variables, and of the versions that run them."""
    digest = hashlib.sha256()
    digest.update(json.dumps(dict(variables), sort_keys=True).encode())
    for engine in _ENGINES:
        digest.update(f"{engine} {version(engine)}\0".encode())
    paths = [project.root / name for name in _FILES]
    for folder in _FOLDERS:
        paths.extend(sorted((project.root / folder).rglob("*")))
    for path in paths:
        if path.is_file():
            content = path.read_bytes()
            name = path.relative_to(project.root).as_posix()
            digest.update(f"{name} {len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()

"""A lake on an object store (`s3://`): credentials for DuckDB, and the operations on objects.

Needs the extra `s3` (s3fs, and DuckDB's httpfs extension from the package index). The credentials and
the endpoint are those that every AWS tool finds: environment variables, shared files, roles.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from duckdb import DuckDBPyConnection

from configuration.errors import ConfigurationError

_PREFIX = "s3://"


def is_object_store(address: str) -> bool:
    """Whether this address is one of an object store rather than a local path."""
    return address.startswith(_PREFIX)


def connect_duckdb(connection: DuckDBPyConnection) -> None:
    """Load httpfs from its installed package and give DuckDB the credentials of this environment."""
    connection.execute(f"load {_literal(str(_httpfs_file()))}")
    options = {"type": "s3", **_credentials(), **_endpoint()}
    settings = ", ".join(f"{name} {_literal(value)}" for name, value in options.items())
    connection.execute(f"create or replace secret till_lake ({settings})")


def listed(folder: str) -> list[tuple[str, int, str]]:
    """Address, size in bytes and entity tag of every object under `folder`."""
    found = _file_system().find(folder, detail=True)
    return sorted(
        (f"{_PREFIX}{name}", int(entry["size"]), str(entry.get("ETag", "")))
        for name, entry in found.items()
    )


def deleted(paths: Sequence[str]) -> int:
    """Delete these objects; says how many."""
    if paths:
        _file_system().rm(list(paths))
    return len(paths)


def read_text(path: str) -> str | None:
    """The text of a small object; None when it does not exist."""
    try:
        return bytes(_file_system().cat_file(path)).decode()
    except FileNotFoundError:
        return None


def write_text(path: str, text: str) -> None:
    """Replace a small object; S3 shows the old one or the new one."""
    _file_system().pipe_file(path, text.encode())


def _file_system() -> Any:
    try:
        import s3fs  # an extra: only a lake on an object store needs it
    except ImportError:
        raise _missing("s3fs") from None
    # Listings are read afresh: DuckDB writes objects behind the back of this cache.
    return s3fs.S3FileSystem(use_listings_cache=False)


def _httpfs_file() -> Path:
    spec = importlib.util.find_spec("duckdb_extension_httpfs")
    if spec is None or spec.origin is None:
        raise _missing("duckdb-extension-httpfs")
    files = sorted(Path(spec.origin).parent.glob("extensions/*/httpfs.duckdb_extension"))
    if not files:
        raise _missing("duckdb-extension-httpfs")
    return files[-1]


def _credentials() -> dict[str, str]:
    import botocore.session  # comes with s3fs

    session = botocore.session.get_session()
    found = session.get_credentials()
    if found is None:
        raise ConfigurationError(
            "there are no AWS credentials for a lake on s3",
            remedy="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
        )
    frozen = found.get_frozen_credentials()
    values = {
        "key_id": frozen.access_key,
        "secret": frozen.secret_key,
        "session_token": frozen.token,
        "region": session.get_config_variable("region") or "us-east-1",
    }
    return {name: value for name, value in values.items() if value}


def _endpoint() -> dict[str, str]:
    """Another endpoint than Amazon's: MinIO, Garage, a test server."""
    url = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if not url:
        return {}
    parts = urlsplit(url)
    return {
        "endpoint": parts.netloc,
        "url_style": "path",
        "use_ssl": "true" if parts.scheme == "https" else "false",
    }


def _missing(package: str) -> ConfigurationError:
    return ConfigurationError(
        f"a lake on s3 needs the package {package}, which is not installed",
        remedy="Install the extra: pip install 'tillhouse[s3]'.",
    )


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"

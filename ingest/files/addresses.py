"""Whether the path of a table is local, on the web or in an object store; and how the lake names it.

No secret may stand in the lake: what came from the environment, or is called like a secret, is masked.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from configuration.errors import PlainError

_WEB = ("http://", "https://")
_STORE = "s3://"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# Parameters of a query that hold secrets, of signed addresses too.
_SECRET = re.compile(
    r"token|key|secret|sig|signature|password|passwd|pwd|auth|credential|sas|x-(amz|goog)-.*",
    re.IGNORECASE,
)


def is_web(path: str) -> bool:
    """Whether this is an address on the web."""
    return path.lower().startswith(_WEB)


def is_store(path: str) -> bool:
    """Whether this is an address in an object store."""
    return path.lower().startswith(_STORE)


def check_scheme(path: str) -> None:
    """Raise PlainError for an address of another kind."""
    if _SCHEME.match(path) and not is_web(path) and not is_store(path):
        raise PlainError(
            "files are not read from such an address",
            where=path.partition("://")[0] + "://",
            remedy="Give a path, or an address that begins with https://, http:// or s3://.",
        )


def web_name(address: str, hide: Callable[[str], str]) -> str:
    """An address on the web as the lake names it: without password, and with secrets masked."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(_masked(each) for each in parts.query.split("&")) if parts.query else ""
    return f"{parts.scheme}://{host}{hide(parts.path + (f'?{query}' if query else ''))}"


def ending_of(name: str, endings: Sequence[str]) -> str | None:
    """Which of `endings` the name has, in whatever case."""
    return next((ending for ending in endings if name.lower().endswith(ending)), None)


def is_visible(name: str) -> bool:
    """Whether the file is none of those that other programs leave while a file is open."""
    return not posixpath.basename(name).startswith((".", "~$"))


def _masked(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    parts = [part for part in re.split(r"[_.]|-(?=[^-]*$)", name) if part]
    is_secret = any(_SECRET.fullmatch(each) for each in (name, *parts))
    return f"{name}=***" if equals and is_secret else parameter

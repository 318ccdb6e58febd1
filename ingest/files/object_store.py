"""Files in an object store (`s3://`): listed with their versions, fetched in exactly the listed version.

Credentials, endpoint and region are those that every AWS tool finds:
environment variables, shared files, roles.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configuration.errors import PlainError
from ingest.results import Counted, Patience

_CHUNK_BYTES = 1 << 20
_MISSING = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")
_CONNECTIONS = 16


@dataclass(frozen=True)
class StoredObject:
    """One object, as it was listed."""

    bucket: str
    key: str
    etag: str
    bytes: int

    @property
    def address(self) -> str:
        """How it is called everywhere."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def version(self) -> str:
        """What tells this version from others."""
        return f"etag {self.etag} {self.bytes} bytes"


@dataclass(frozen=True)
class Listing:
    """The objects of an address, and whether it was taken as a folder."""

    objects: tuple[StoredObject, ...]
    is_folder: bool


class ObjectStore:
    """The store of this environment; safe to be used by several threads."""

    def __init__(self, patience: Patience) -> None:
        try:
            import botocore.session  # noqa: PLC0415 - an extra, and half a second
            from botocore.config import Config  # noqa: PLC0415
        except ImportError:
            raise PlainError(
                "reading from s3 needs a package that is not installed",
                where="s3://",
                remedy="Install the extra: pip install 'tillhouse[s3]'.",
            ) from None
        self._patience = patience
        with _told("s3://"):
            self._client: Any = botocore.session.get_session().create_client(
                "s3",
                config=Config(
                    connect_timeout=patience.connect_seconds,
                    read_timeout=patience.answer_seconds,
                    max_pool_connections=_CONNECTIONS,
                    retries={"mode": "standard", "total_max_attempts": patience.attempts},
                ),
            )

    def listed(self, address: str) -> Listing:
        """The objects of a prefix, a pattern or a single address, sorted by their keys."""
        bucket, _, key = address.partition("://")[2].partition("/")
        with _told(address):
            if glob.has_magic(key):
                return Listing(self._matching(bucket, key), is_folder=False)
            if key and not key.endswith("/") and (exact := self._exact(bucket, key)):
                return Listing((exact,), is_folder=False)
            prefix = f"{key.rstrip('/')}/" if key.strip("/") else ""
            return Listing(tuple(self._pages(bucket, prefix, Delimiter="/")), is_folder=True)

    def fetch(self, found: StoredObject, target: Path, count: Counted) -> str | None:
        """Write the object to `target`; returns its content encoding. Raises PlainError when it changed."""
        from botocore import exceptions  # noqa: PLC0415 - as above

        broken = (
            exceptions.IncompleteReadError,
            exceptions.ReadTimeoutError,
            exceptions.ResponseStreamingError,
        )
        for _ in range(self._patience.attempts):
            with suppress(*broken), _told(found.address):
                return self._attempt(found, target, count)
            count.take_back()
        raise PlainError(
            "the download broke off, each time that it was tried",
            where=found.address,
            remedy="Check the connection, then run it again; nothing of it was loaded.",
        )

    def _attempt(self, found: StoredObject, target: Path, count: Counted) -> str | None:
        # Only the version that was listed: another one would be loaded under the wrong name.
        answer = self._client.get_object(Bucket=found.bucket, Key=found.key, IfMatch=found.etag)
        with target.open("wb") as file:
            for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
                file.write(chunk)
                count(len(chunk))
        return answer.get("ContentEncoding") or None

    def _exact(self, bucket: str, key: str) -> StoredObject | None:
        from botocore.exceptions import ClientError  # noqa: PLC0415 - as above

        try:
            found = self._client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            # Who may not list is told "forbidden" of what is not there: the listing will say it.
            if error.response["Error"]["Code"] in (*_MISSING, "403"):
                return None
            raise
        return StoredObject(bucket, key, found["ETag"], int(found["ContentLength"]))

    def _matching(self, bucket: str, pattern: str) -> tuple[StoredObject, ...]:
        from fsspec.utils import (  # type: ignore[import-untyped]  # noqa: PLC0415 - of the extra
            glob_translate,
        )

        prefix = re.split(r"[*?[]", pattern, maxsplit=1)[0]
        matches = re.compile(glob_translate(pattern)).match
        return tuple(each for each in self._pages(bucket, prefix) if matches(each.key))

    def _pages(self, bucket: str, prefix: str, **more: str) -> Iterator[StoredObject]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix, **more):
            for each in page.get("Contents", ()):
                if not each["Key"].endswith("/"):  # what consoles make to show a folder
                    yield StoredObject(bucket, each["Key"], each["ETag"], int(each["Size"]))


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Turn what the store answers into one sentence; its own words may hold what is secret."""
    from botocore import exceptions  # noqa: PLC0415 - an extra

    try:
        yield
    except exceptions.ClientError as error:
        raise _refused(str(error.response["Error"]["Code"]), where) from None
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError):
        raise PlainError(
            "there are no AWS credentials",
            where=where,
            remedy="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
        ) from None
    except (
        exceptions.IncompleteReadError,
        exceptions.ReadTimeoutError,
        exceptions.ResponseStreamingError,
    ):
        raise  # tried again by whoever reads
    except (exceptions.ConnectionError, exceptions.HTTPClientError):
        raise PlainError(
            "the object store cannot be reached",
            where=where,
            remedy="Check AWS_ENDPOINT_URL and the connection, then run it again.",
        ) from None
    except (exceptions.BotoCoreError, ValueError) as error:
        raise PlainError(
            f"the object store cannot be asked for this ({type(error).__name__})",
            where=where,
            remedy="Check the name of the bucket, AWS_PROFILE, AWS_ENDPOINT_URL and the credentials.",
        ) from None


def _refused(code: str, where: str) -> PlainError:
    if code in ("PreconditionFailed", "412"):
        return PlainError(
            "the object changed while it was read",
            where=where,
            remedy="Run it again when the export is complete.",
        )
    if code in _MISSING:
        remedy = "Correct the path in the sources file."
        return PlainError(f"it is not there ({code})", where=where, remedy=remedy)
    return PlainError(
        f"the object store refuses the request ({code})",
        where=where,
        remedy="Check the credentials of this environment, and what they may list and read.",
    )

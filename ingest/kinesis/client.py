"""Amazon's API: what is asked, asked again where that helps, and what remains told in one sentence.

Nothing of an answer's own error text is passed on: a refused signature comes with the headers that were signed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from configuration.errors import PlainError
from ingest.kinesis.declaration import KinesisSource
from ingest.kinesis.shards import Shard, Start, Stream
from ingest.lake.manifest import utc_text
from ingest.results import LoadContext, Patience

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_TOO_FAST = (
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    "ThrottlingException",
    "KMSThrottlingException",
)
_REFUSED = (
    "AccessDeniedException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
    "InvalidClientTokenId",
    "ExpiredTokenException",
    "KMSAccessDeniedException",
)
_SERVER_ERROR = 500


@dataclass(frozen=True)
class Batch:
    """One answer: its records as they came, and where the next one begins (None: the shard is at its end)."""

    records: list[dict[str, Any]]
    following: str | None
    behind_ms: int


class ExpiredPlace(Exception):  # noqa: N818 - no error: the place is asked for anew
    """The place in a shard is older than five minutes, and no longer taken."""


class UnknownPlace(Exception):  # noqa: N818 - told by the caller, who knows what it means
    """The stream does not know this sequence number or shard."""


class KinesisClient:
    """The calls that reading a stream needs."""

    def __init__(self, context: LoadContext, source: KinesisSource) -> None:
        self._source = source
        self._patience = context.patience
        self._where = f"stream {source.stream} in {source.region}"
        self._client = _connect(source, context.patience, self._where)

    def stream(self) -> Stream:
        """The stream and all its shards, as they are now."""
        shards: list[Shard] = []
        asked: dict[str, Any] = {"StreamName": self._source.stream}
        while True:
            answer = self._ask(lambda: self._client.list_shards(**asked))  # noqa: B023 - called at once
            shards.extend(_shard(each) for each in answer["Shards"])
            if not answer.get("NextToken"):
                break
            asked = {"NextToken": answer["NextToken"]}
        # After the shards: what is listed as closed holds nothing that came after this moment.
        answer = self._ask(
            lambda: self._client.describe_stream(StreamName=self._source.stream, Limit=1)
        )
        found = answer["StreamDescription"]
        return Stream(
            arn=found["StreamARN"],
            created=utc_text(found["StreamCreationTimestamp"]),
            retention_hours=found["RetentionPeriodHours"],
            now=_clock(answer),
            shards=tuple(shards),
        )

    def place(self, shard: str, start: Start) -> str | None:
        """A place in a shard to read from; None where there is nothing to read."""
        more: dict[str, Any] = {}
        if start.type == "AFTER_SEQUENCE_NUMBER":
            more["StartingSequenceNumber"] = start.value
        if start.type == "AT_TIMESTAMP":
            more["Timestamp"] = datetime.fromisoformat(str(start.value))
        answer = self._ask(
            lambda: self._client.get_shard_iterator(
                StreamName=self._source.stream, ShardId=shard, ShardIteratorType=start.type, **more
            )
        )
        place: str | None = answer.get("ShardIterator")
        return place

    def records(self, place: str) -> Batch:
        """What stands at `place`; raises ExpiredPlace when that is too old."""
        answer = self._ask(lambda: self._client.get_records(ShardIterator=place))
        return Batch(
            answer["Records"], answer.get("NextShardIterator"), answer.get("MillisBehindLatest", 0)
        )

    def _ask(self, call: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """The answer of `call`, which is repeated while that may help."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra

        patience = self._patience
        wait = patience.backoff_seconds
        failures = 0
        while True:
            try:
                return call()
            except ClientError as error:
                code = str(error.response.get("Error", {}).get("Code", ""))
                status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
                problem = self._explained(code, status)
                is_slow = code in _TOO_FAST
                if not is_slow and status < _SERVER_ERROR:
                    raise problem from None
            except BotoCoreError as error:
                problem, is_slow = self._unreachable(type(error).__name__), False
            failures += 1
            # A stream that others read too is slow for longer than a broken connection is worth waiting for.
            if failures >= patience.attempts * (2 if is_slow else 1):
                raise problem from None
            time.sleep(min(wait, patience.longest_wait_seconds))
            wait *= 2

    def _explained(self, code: str, status: int) -> Exception:
        """What an error of the API means. Its own text is left out."""
        source = self._source
        if code == "ExpiredIteratorException":
            return ExpiredPlace()
        if code == "InvalidArgumentException":
            return UnknownPlace()
        if code == "ResourceNotFoundException":
            what, remedy = (
                "there is no such stream, or one of its shards is gone",
                (
                    "Check stream and region in the sources file, and run it again; nothing was loaded."
                ),
            )
        elif code in _REFUSED:
            what = f"Amazon refuses the credentials ({code})"
            remedy = (
                f"Check the environment variables {' and '.join(_KEYS)}, and what they may read."
            )
        elif code in _TOO_FAST:
            what = f"the stream is read too often ({code}), here and by others"
            remedy = "Run it again later; nothing was loaded, and nothing is lost."
        elif status >= _SERVER_ERROR:
            what = f"the stream's API fails ({status})"
            remedy = "It was asked several times; run it again later. Nothing was loaded."
        else:
            what = f"the stream's API refuses the request ({code or status})"
            remedy = f"Check stream, region and endpoint_url of source '{source.name}'."
        return PlainError(what, where=self._where, remedy=remedy)

    def _unreachable(self, reason: str) -> PlainError:
        return PlainError(
            f"the stream cannot be reached ({reason})",
            where=self._where,
            remedy="Check region, endpoint_url and the connection, then run it again; nothing was loaded.",
        )


def _connect(source: KinesisSource, patience: Patience, where: str) -> Any:
    try:
        import boto3  # noqa: PLC0415 - an extra: only streams need it
        from botocore.config import Config  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415
    except ImportError:
        raise PlainError(
            "reading a stream needs the package boto3, which is not installed",
            where=where,
            remedy="Install the extra: pip install 'tillhouse[kinesis]'.",
        ) from None
    missing = [name for name in _KEYS if not os.environ.get(name)]
    if missing:
        raise PlainError(
            f"the environment variable {' and '.join(missing)} is not set",
            where=where,
            remedy="Set it to a key of Amazon's that may read the stream.",
        )
    try:
        # A session of its own: sources load side by side, and boto3's default one is not made for threads.
        return boto3.session.Session().client(
            "kinesis",
            region_name=source.region,
            endpoint_url=source.endpoint_url,
            aws_access_key_id=os.environ[_KEYS[0]],
            aws_secret_access_key=os.environ[_KEYS[1]],
            aws_session_token=os.environ.get("AWS_SESSION_TOKEN") or None,
            config=Config(
                connect_timeout=patience.connect_seconds,
                read_timeout=patience.answer_seconds,
                retries={"total_max_attempts": 1},  # repeated here, where waiting is counted
            ),
        )
    except (BotoCoreError, ValueError) as error:
        raise PlainError(
            f"the stream cannot be asked for ({type(error).__name__})",
            where=where,
            remedy="Check region and endpoint_url, and the AWS_ variables of the environment.",
        ) from None


def _shard(found: Mapping[str, Any]) -> Shard:
    parents = (found.get("ParentShardId"), found.get("AdjacentParentShardId"))
    return Shard(
        found["ShardId"],
        tuple(each for each in parents if each),
        "EndingSequenceNumber" in found["SequenceNumberRange"],
    )


def _clock(answer: Mapping[str, Any]) -> datetime:
    """The API's clock, in whole seconds: ours may be wrong, or go back."""
    text = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if text:
        return parsedate_to_datetime(text).astimezone(UTC)
    return datetime.now(UTC) - timedelta(seconds=1)

"""A client of the demo's API as plain as can be, and ways to serve it for a test."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import Any

from till.demo.server import DEFAULT_TOKEN, Behaviour

Document = dict[str, Any]

PATIENT = Behaviour(rate=1e6, burst=1_000_000, fail_every=0)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    document: Document


def get(base_url: str, path: str, token: str | None = DEFAULT_TOKEN, **parameters: Any) -> Answer:
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{base_url}{path}{query}", headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return Answer(response.status, response.headers, json.load(response))
    except urllib.error.HTTPError as refusal:
        return Answer(refusal.code, refusal.headers, json.load(refusal))


def read_all(base_url: str, name: str, **parameters: Any) -> list[Document]:
    rows: list[Document] = []
    cursor: str | None = ""
    while cursor is not None:
        following = {"cursor": cursor} if cursor else {}
        answer = get(base_url, f"/v1/{name}", **parameters, **following)
        assert answer.status == 200, answer.document
        assert len(answer.document["data"]) <= parameters.get("limit", 100)
        rows += answer.document["data"]
        cursor = answer.document["next_cursor"]
    return rows

"""The files of pages: one per page, and one per key of a template, with names that are safe anywhere."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

from reports.formats import Value

LONGEST = 60


def file_stems(page: str, keys: Sequence[Value]) -> dict[Value, str]:
    """A file name without its ending for each key: `product-85123a` for the key 85123A of `product`.

    Small letters, digits and hyphens only, and no two alike, also where case does not count. A key whose name
    is cut, or another's too, has a piece of its hash behind it.
    """
    found: dict[Value, str] = {}
    taken: set[str] = set()
    # Keys that are their own name come first: another key never takes that from them.
    for key in sorted(dict.fromkeys(keys), key=lambda key: (_slug(key) != str(key), str(key))):
        name = _slug(key)
        rounds = 0
        while not name or name in taken:
            text = f"{rounds}:{key}" if rounds else str(key)
            digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            name, rounds = "-".join(part for part in (_slug(key), digest) if part), rounds + 1
        taken.add(name)
        found[key] = f"{page}-{name}"
    return {key: found[key] for key in dict.fromkeys(keys)}


def _slug(key: Value) -> str:
    """The letters and digits of a key; empty where too little of it would be left to know it by."""
    plain = unicodedata.normalize("NFKD", str(key)).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return name if len(name) <= LONGEST else name[:LONGEST].rstrip("-")

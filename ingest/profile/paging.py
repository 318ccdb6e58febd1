"""How an API divides its lists, recognised from an answer and proven by asking for the second page.

What cannot be proven is not proposed: a declaration that leaves out all pages but the first would load
silently too little.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from configuration.errors import PlainError
from ingest.profile.answers import Answer
from ingest.profile.records import Record

Options = Mapping[str, object]
# Asks for the list with these parameters more: its records, and the answer.
Ask = Callable[[Options], tuple[Sequence[Record], Answer]]

_CURSORS = re.compile(
    r"(?P<before>(.*[._])?)(?P<name>next_?cursor|cursor|end_?cursor|next_?page_?token|page_?token|"
    r"next_?token|continuation_?token|scroll_?id|cursors\.after|after)",
    re.IGNORECASE,
)
_NEXT_URLS = re.compile(r"(.*[._])?(next(_?(page|url|link))?(_?url)?)(\.href)?", re.IGNORECASE)
_PAGES = re.compile(r"(.*\.)?(page|current_?page|page_?number|page_?no)", re.IGNORECASE)
_OFFSETS = re.compile(r"(.*\.)?(offset|skip|start)", re.IGNORECASE)
_LIMITS = re.compile(r"(.*\.)?(limit|count|page_?size|per_?page)", re.IGNORECASE)
_TOTALS = re.compile(
    r"(.*\.)?(total|total_?(count|records|results|items)|count_?total)", re.IGNORECASE
)
_MORE = re.compile(r"(.*\.)?has_?more", re.IGNORECASE)
_USUAL_CURSOR_PARAMS = ("cursor", "page_token", "after", "next_cursor", "starting_after")
# A list exactly as long as this is probably the first page of several.
_USUAL_SIZES = (10, 20, 25, 30, 50, 100, 200, 250, 500, 1000)
_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True)
class Paging:
    """`options` is the block `pagination`, empty for none; `notes` say what a person must look at.

    `more` are the records of the second page, where one was asked for.
    """

    options: Options = field(default_factory=dict)
    more: Sequence[Record] = ()
    notes: tuple[str, ...] = ()


def recognised(answer: Answer, records: Sequence[Record], ask: Ask, params: Options) -> Paging:
    """How the list goes on after its first page, which is `records` in `answer`."""
    places = dict(_places(answer.document, ""))
    if answer.next_link:
        return Paging({"type": "link_header"})
    for try_it in (_by_next_url, _by_cursor, _by_page, _by_offset):
        found = try_it(places, records, ask)
        if found is not None:
            return found
    if any(_MORE.fullmatch(place) and value is True for place, value in places.items()):
        return Paging(
            notes=(
                "The answer says that there is more, but not how to ask for it: describe it under "
                "pagination, or only the first page is loaded.",
            )
        )
    if len(records) in _USUAL_SIZES and not {"page", "offset"} & set(params):
        more = _page(ask, {"page": 2})
        if more and not _overlap(records, more):
            return Paging({"type": "page_number"}, more)
        if len(records) not in params.values():
            return Paging(
                notes=(
                    f"The answer has {len(records)} records, and nothing says that there are more. If "
                    "there are, describe under pagination how to ask for them.",
                )
            )
    return Paging()


def _by_next_url(
    places: Mapping[str, object], records: Sequence[Record], ask: Ask
) -> Paging | None:
    del records, ask
    for place, value in places.items():
        is_address = isinstance(value, str) and value.startswith(("http://", "https://", "/"))
        if is_address and _NEXT_URLS.fullmatch(place):
            return Paging({"type": "next_url", "next_url_path": place})
    return None


def _by_cursor(places: Mapping[str, object], records: Sequence[Record], ask: Ask) -> Paging | None:
    for place, value in places.items():
        match = _CURSORS.fullmatch(place)
        if not match or not isinstance(value, (str, int, type(None))) or isinstance(value, bool):
            continue
        params = _cursor_params(place, match["name"])
        if value in (None, ""):
            # This list ended with its first page; the next one may not.
            options = {"type": "cursor", "cursor_path": place, "cursor_param": params[0]}
            note = (
                f"That {params[0]} asks for the next page is a guess: this list has one page only."
            )
            return Paging(options, notes=(note,))
        for param in params:
            more = _page(ask, {param: value})
            if more and not _overlap(records, more):
                options = {"type": "cursor", "cursor_path": place, "cursor_param": param}
                return Paging(options, more)
        return Paging(
            notes=(
                f"The answer has a cursor at {place}, but none of {', '.join(params)} takes it: describe "
                "it under pagination, or only the first page is loaded.",
            )
        )
    return None


def _cursor_params(place: str, name: str) -> list[str]:
    """The parameters that may take the cursor, the most likely first."""
    last = place.rpartition(".")[2]
    plain = re.sub(r"^(next|end)_?", "", last, flags=re.IGNORECASE) or last
    plain = plain[0].lower() + plain[1:]
    del name
    return list(dict.fromkeys([plain, last, *_USUAL_CURSOR_PARAMS]))


def _by_page(places: Mapping[str, object], records: Sequence[Record], ask: Ask) -> Paging | None:
    found = _whole_number(places, _PAGES)
    if found is None or found[1] not in (0, 1):
        return None
    place, first = found
    total = _whole_number(places, _TOTALS)
    last = place.rpartition(".")[2]
    plain = re.sub(r"^current_?", "", last, flags=re.IGNORECASE).lower()
    for param in dict.fromkeys([plain, last, "page"]):
        more = _page(ask, {param: first + 1})
        is_all = total is not None and total[1] == len(records)
        if (more and not _overlap(records, more)) or (is_all and not more):
            options: dict[str, object] = {"type": "page_number"}
            if param != "page":
                options["page_param"] = param
            if first == 0:
                options["first_page"] = 0
            return Paging(_with_total(options, total), more)
    return None


def _by_offset(places: Mapping[str, object], records: Sequence[Record], ask: Ask) -> Paging | None:
    found, limit = _whole_number(places, _OFFSETS), _whole_number(places, _LIMITS)
    if found is None or limit is None or found[1] != 0 or limit[1] < 2:  # noqa: PLR2004
        return None
    total = _whole_number(places, _TOTALS)
    offset_param, limit_param = (place.rpartition(".")[2] for place, _ in (found, limit))
    more = _page(ask, {offset_param: limit[1], limit_param: limit[1]})
    is_all = total is not None and total[1] <= len(records)
    if is_all or (more and not _overlap(records, more)):
        options: dict[str, object] = {"type": "offset", "limit": limit[1]}
        if offset_param != "offset":
            options["offset_param"] = offset_param
        if limit_param != "limit":
            options["limit_param"] = limit_param
        return Paging(_with_total(options, total), more)
    return None


def _with_total(options: Options, total: tuple[str, int] | None) -> Options:
    return {**options, "total_path": total[0]} if total else options


def _whole_number(places: Mapping[str, object], pattern: re.Pattern[str]) -> tuple[str, int] | None:
    for place, value in places.items():
        if pattern.fullmatch(place) and isinstance(value, int) and not isinstance(value, bool):
            return place, value
    return None


def _page(ask: Ask, more: Options) -> Sequence[Record]:
    """The page, empty where the API does not know what is asked."""
    try:
        return ask(more)[0]
    except PlainError:
        return ()


def _overlap(first: Sequence[Record], second: Sequence[Record]) -> bool:
    """Whether the second page repeats the first, because the API did not mind the parameter."""
    known = {json.dumps(each, sort_keys=True) for each in first}
    return any(json.dumps(each, sort_keys=True) in known for each in second)


def _places(document: object, before: str) -> Iterator[tuple[str, object]]:
    """Every value that describes the answer, by its place: those of its lists are not looked at."""
    if not isinstance(document, dict):
        return
    for name, value in document.items():
        place = before + name
        if not _PATH.fullmatch(place):
            continue
        if isinstance(value, dict):
            yield from _places(value, f"{place}.")
        elif not isinstance(value, list):
            yield place, value

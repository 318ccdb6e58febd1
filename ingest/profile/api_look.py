"""Resources of a JSON API that nobody declared yet: below one address, asked as a load will ask."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from configuration.errors import ConfigurationError, PlainError
from ingest.files.addresses import web_name
from ingest.profile.answers import Answer, Asker
from ingest.profile.columns import lake_names
from ingest.profile.paging import Options, Paging, recognised
from ingest.profile.proposal import ProposedSource, ProposedTable
from ingest.profile.records import UPDATED, Record, list_in, table_of_records

_LOOKBACK = "1d"
_CURSOR_TYPES = ("timestamp", "date")


@dataclass(frozen=True)
class Api:
    """Where an API is and which of its resources are wanted.

    `base_url` has no query; `params` go with each request; `paths` begin with a slash.
    """

    base_url: str
    paths: tuple[str, ...]
    params: Mapping[str, str | int] = field(default_factory=dict)

    def address(self, path: str) -> str:
        """Of one resource."""
        return f"{self.base_url}{path}"


def api_at(address: str, paths: Sequence[str]) -> Api:
    """The API at `address`: its last part is the resource, unless `paths` below it are named.

    Raises ConfigurationError where a secret stands in the address.
    """
    parts = urlsplit(address)
    shown = web_name(address, lambda part: part)
    if "@" in parts.netloc or "=***" in shown:
        raise ConfigurationError(
            "a secret stands in the address, and would stand in the sources file",
            where=shown,
            remedy="Leave it out, put it into an environment variable, and say --token-env NAME.",
        )
    params = {
        name: int(value) if re.fullmatch("0|[1-9][0-9]{0,8}", value) else value
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    }
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    if paths:
        return Api(origin + path, tuple(f"/{each.strip('/')}" for each in paths), params)
    base, _, last = path.rpartition("/")
    if not last:
        raise ConfigurationError(
            "this is where an API begins, not what it lists",
            where=shown,
            remedy="Give the address of a list, such as .../orders, or say --path /orders.",
        )
    return Api(origin + base, (f"/{last}",), params)


def look_at_api(
    name: str, api: Api, asker: Asker, cursor_param: str | None, spool: Path
) -> ProposedSource:
    """Propose the source `name` for the API; raises PlainError when it does not answer with lists."""
    looks = [_look(api, path, asker, spool) for path in api.paths]
    pagings = [paging for _, paging in looks]
    sure = next((each for each in pagings if each.more or (each.options and not each.notes)), None)
    usual = sure or next((each for each in pagings if each.options), Paging())
    tables = []
    names = _table_names(api)
    for (table, paging), called in zip(looks, names, strict=True):
        own = replace(table, name=called)
        is_usual = _same_way(paging.options, usual.options)
        if paging.options and not is_usual and not paging.notes:
            own = replace(own, options={**own.options, "pagination": dict(paging.options)})
        notes = () if is_usual and usual is sure else paging.notes
        tables.append(replace(own, notes=(*own.notes, *notes)))
    options: dict[str, object] = {"base_url": api.base_url}
    if asker.token_variable:
        options["auth"] = {"type": "bearer", "token": f"${{{asker.token_variable}}}"}
    if usual.options:
        options["pagination"] = dict(usual.options)
    source = ProposedSource(name, "rest_api", tuple(tables), options)
    if cursor_param is None:
        return source
    for table in tables:
        try_cursor(source, table, asker, cursor_param)
    return replace(source, tables=tuple(with_cursor(each, cursor_param) for each in tables))


def _same_way(one: Options, other: Options) -> bool:
    """Whether two lists go on in the same way, as far as both are known."""
    return all(one.get(name) == other.get(name) for name in ("type", "cursor_path", "page_param"))


def cursor_column(table: ProposedTable) -> str | None:
    """The column that says when a record changed, where its records have a key to be known by."""
    column = table.with_role(UPDATED)
    if column is None or column.type not in _CURSOR_TYPES or not table.key:
        return None
    return column.name


def with_cursor(table: ProposedTable, param: str | None) -> ProposedTable:
    """The table, asked with the parameter `param` for what changed since the last load."""
    column = cursor_column(table)
    if param is None or column is None:
        return table
    cursor = {"column": column, "param": param, "lookback": _LOOKBACK}
    return replace(table, options={**table.options, "cursor": cursor}, version=column)


def try_cursor(source: ProposedSource, table: ProposedTable, asker: Asker, param: str) -> None:
    """Ask with the parameter once; raises PlainError when the API refuses it."""
    given = table.options.get("params")
    params = dict(given) if isinstance(given, dict) else {}
    column = table.with_role(UPDATED)
    if column is not None and column.examples:
        asker.ask(
            f"{source.options['base_url']}{table.path}", {**params, param: column.examples[0]}
        )


def _look(api: Api, path: str, asker: Asker, spool: Path) -> tuple[ProposedTable, Paging]:
    where = api.address(path)
    answer = asker.ask(where, api.params)
    selector, records = list_in(answer.document)
    if not records:
        raise PlainError(
            "the answer holds no list of records",
            where=where,
            remedy="Give the address of a list that has some.",
        )
    ask = partial(_more, api, path, asker, selector)
    paging = recognised(answer, records, ask, api.params)
    seen = [*records, *paging.more]
    table = table_of_records(seen, _called(path), path, selector, spool)
    if api.params:
        table = replace(table, options={**table.options, "params": dict(api.params)})
    return table, paging


def _more(
    api: Api, path: str, asker: Asker, selector: str | None, params: Options
) -> tuple[Sequence[Record], Answer]:
    answer = asker.ask(api.address(path), {**api.params, **params})
    found: object = answer.document
    for step in selector.split(".") if selector else ():
        found = found.get(step) if isinstance(found, dict) else None
    records = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return records, answer


def _called(path: str) -> str:
    """What to call the table: the last part of the resource's path, without an ending."""
    return lake_names([re.sub(r"\.\w+$", "", unquote(path).rpartition("/")[2])])[0]


def _table_names(api: Api) -> list[str]:
    names = [_called(path) for path in api.paths]
    if len(set(names)) < len(names):
        return lake_names([unquote(path).strip("/") for path in api.paths])
    return names

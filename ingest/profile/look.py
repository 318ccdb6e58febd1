"""One look at data, whatever kind it is of."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from configuration.errors import ConfigurationError, PlainError
from ingest.excel.workbook import ENDINGS as EXCEL_ENDINGS
from ingest.files.addresses import ending_of, is_store, is_web, web_name
from ingest.files.unpacking import STREAMS
from ingest.profile.answers import Asker, IsFileError
from ingest.profile.api_look import api_at, look_at_api
from ingest.profile.columns import lake_names
from ingest.profile.csv_look import UnclearError, look_at_csv
from ingest.profile.excel_look import look_at_excel
from ingest.profile.found import Place
from ingest.profile.json_look import look_at_json
from ingest.profile.parquet_look import look_at_parquet
from ingest.profile.proposal import ProposedSource, ProposedTable
from ingest.results import Patience

_TABLE_NAMES = {
    "order_lines": "sales",
    "customers": "customers",
    "products": "products",
    "events": "events",
    "exchange_rates": "exchange_rates",
}
_LOOKS: dict[str, Callable[[Place, str], ProposedTable]] = {
    "csv": look_at_csv,
    "json": look_at_json,
    "parquet": look_at_parquet,
    "excel": look_at_excel,
}
_ENDINGS = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    **dict.fromkeys(EXCEL_ENDINGS, "excel"),
}
_ZIP = ".zip"
_NAME = re.compile("[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class Wanted:
    """What is to be looked at: `place` is a path from `root` or an address, `spool` a folder for what is large.

    `table` is what to call its table, by default as the file or folder is called. Of an API: `paths` are the
    resources below `place`, `asker` knows the token, `cursor_param` is what asks for what changed.
    Of CSV files: `dialect` is what somebody said of how they are written.
    """

    place: str
    root: Path
    spool: Path
    table: str | None = None
    paths: Sequence[str] = ()
    asker: Asker = field(default_factory=Asker)
    cursor_param: str | None = None
    dialect: Mapping[str, object] = field(default_factory=dict)


def look_at(name: str, wanted: Wanted) -> ProposedSource:
    """Propose the source `name`; raises ConfigurationError and PlainError in sentences for people."""
    for each in (name, wanted.table):
        if each is not None and not _NAME.fullmatch(each):
            raise ConfigurationError(
                f"'{each}' cannot be a name",
                remedy="Take small letters, digits and _, beginning with a letter.",
            )
    if is_web(wanted.place) and (wanted.paths or not _kind_by_name(_path_of(wanted.place))):
        try:
            return _api(name, wanted)
        except IsFileError:
            return _files(name, wanted, ["csv"])
    if wanted.paths:
        raise ConfigurationError("--path is for an API, and this is no address", where=wanted.place)
    if not is_web(wanted.place) and not is_store(wanted.place):
        wanted = replace(wanted, place=_from_root(wanted.place, wanted.root))
    return _files(name, wanted, _kinds(wanted))


def _api(name: str, wanted: Wanted) -> ProposedSource:
    api = api_at(wanted.place, wanted.paths)
    source = look_at_api(name, api, wanted.asker, wanted.cursor_param, wanted.spool)
    if wanted.table is not None and len(source.tables) == 1:
        source = replace(source, tables=(_called(source.tables[0], wanted.table),))
    return source


def _files(name: str, wanted: Wanted, kinds: Sequence[str]) -> ProposedSource:
    place = Place(
        wanted.place, wanted.root, wanted.spool, wanted.asker.token_variable, wanted.dialect
    )
    called = wanted.table or _name_of(wanted.place)
    kind, found = _first_read(place, kinds, called)
    if wanted.table is None and called == name:
        # The folder is called as the source is: a table is called for what is in it.
        found = _called(found, _TABLE_NAMES[found.entity] if found.entity else "rows")
    has_token = is_web(wanted.place) and wanted.asker.token_variable
    token = {"type": "bearer", "token": f"${{{wanted.asker.token_variable}}}"}
    return ProposedSource(name, kind, (found,), {"auth": token} if has_token else {})


def _first_read(place: Place, kinds: Sequence[str], called: str) -> tuple[str, ProposedTable]:
    """The first of the kinds as which it can be read; what the last one says where none can."""
    for kind in kinds[:-1]:
        try:
            return kind, _LOOKS[kind](place, called)
        except UnclearError:
            raise
        except PlainError:
            continue
    return kinds[-1], _LOOKS[kinds[-1]](place, called)


def _called(table: ProposedTable, name: str) -> ProposedTable:
    """The table under another name, and with it the tables of its lists."""
    children = tuple(
        replace(child, name=f"{name}{child.name.removeprefix(table.name)}"[:63])
        for child in table.children
    )
    renamed = dict(zip((child.name for child in table.children), children, strict=True))
    lines = renamed[table.lines].name if table.lines else None
    return replace(table, name=name, children=children, lines=lines)


def _from_root(place: str, root: Path) -> str:
    """The path as the sources file names it."""
    place = place.replace("\\", "/").rstrip("/") or "/"
    if Path(place).is_absolute() and Path(place).is_relative_to(root):
        return Path(place).relative_to(root).as_posix()
    return place


def _path_of(place: str) -> str:
    return urlsplit(place).path if is_web(place) else place


def _name_of(place: str) -> str:
    name = PurePosixPath(_path_of(place)).name
    while ending := ending_of(name, (*_ENDINGS, *STREAMS, _ZIP)):
        name = name[: -len(ending)]
    return lake_names([re.sub(r"[*?\[\]]+", " ", name)])[0]


def _kind_by_name(name: str) -> str | None:
    """The kind by how a file is called; of an archive "zip"."""
    packing = ending_of(name, STREAMS)
    plain = name[: -len(packing)] if packing else name
    ending = ending_of(plain, tuple(_ENDINGS))
    if ending:
        return _ENDINGS[ending]
    return "zip" if ending_of(plain, (_ZIP,)) else None


def _kinds(wanted: Wanted) -> list[str]:
    """The kinds that may be meant; raises PlainError for files of no known kind, or of several."""
    names = _names_at(wanted)
    found = {kind for name in names if (kind := _kind_by_name(name))}
    if found == {"zip"}:
        return ["csv", "json"]
    found.discard("zip")
    shown = web_name(wanted.place, lambda part: part) if is_web(wanted.place) else wanted.place
    if len(found) > 1:
        raise PlainError(
            f"files of several kinds are there ({', '.join(sorted(found))})",
            where=shown,
            remedy="Name one kind with a pattern, such as exports/*.csv.",
        )
    if not found:
        raise PlainError(
            "no file is there whose kind is known",
            where=shown,
            remedy=f"Its name must end in {', '.join(_ENDINGS)}.",
        )
    return [*found]


def _names_at(wanted: Wanted) -> list[str]:
    if is_store(wanted.place) and not _kind_by_name(wanted.place):
        from ingest.files.object_store import ObjectStore  # noqa: PLC0415 - boto3 may not be there

        return [each.key for each in ObjectStore(Patience()).listed(wanted.place).objects]
    where = wanted.root / wanted.place
    if not is_web(wanted.place) and not is_store(wanted.place) and where.is_dir():
        return [each.name for each in where.iterdir()]
    if where.suffix.lower() == _ZIP and zipfile.is_zipfile(where):
        with zipfile.ZipFile(where) as archive:
            return archive.namelist()
    return [_path_of(wanted.place)]

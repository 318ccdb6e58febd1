"""A table whose lists belong to the rows of another one: one list per parent, one load for all of them.

Where a list in the middle cannot be had, those before it are loaded, and the next run goes on from there.
"""

from __future__ import annotations

from pathlib import Path

import requests

from configuration.errors import PlainError
from ingest.incremental.read_rows import complete_rejected
from ingest.lake.manifest import Superseded
from ingest.rest.bring import Finished, Span, bring_all, inputs_of
from ingest.rest.declaration import RestSource, RestTable
from ingest.rest.fetch import Api, Fetched, fetch
from ingest.rest.parents import Family, family_of
from ingest.rest.read import read_tables
from ingest.results import Load, LoadContext, TableResult, result_of
from ingest.rows.duckdb_sql import connect


def load_family(context: LoadContext, source: RestSource, table: RestTable, spool: Path) -> Load:
    """Ask for the list of each parent that is new; raises PlainError when none can be had or none fits."""
    started, load_id = context.now(), context.new_load_id()
    where = f"{source.name}.{table.name}"
    connection = connect(spool)
    try:
        family = family_of(context, connection, source, table)
        if family.unaskable:
            have = "parent has" if family.unaskable == 1 else "parents have"
            context.progress(f"{where}: {family.unaskable:,} {have} no value to ask with")
        if not family.lists:
            return Load((), tuple(TableResult(source.name, name) for name in _names(table)))
        api = Api(context, source, table, connection, spool / "pages")
        fetched, error = _fetch_all(api, family, where)
        tables = read_tables(context, connection, source, table, spool, fetched, None)
        after = family.before if error else family.reached
        done = Finished(
            load_id,
            started,
            tables,
            inputs_of(connection, table, tables, fetched),
            _replaced(context, source, table, fetched, everything=family.is_whole and not error),
            sum(each.bytes for each in fetched),
            Span(family.before, family.newest, family.before, after),
        )
        complete_rejected(connection, source.name, tables, load_id)
    finally:
        connection.close()
    records = bring_all(context, source, table, done)
    results = [result_of(record) for record in records]
    if error:
        results[0] = result_of(records[0], error=error)
    return Load(tuple(records), tuple(results))


def _fetch_all(api: Api, family: Family, where: str) -> tuple[list[Fetched], PlainError | None]:
    """The lists that could be had, and why not all of them."""
    fetched: list[Fetched] = []
    gone = 0
    error = None
    for resource in family.lists:
        try:
            fetched.append(fetch(api, resource, {}))
        except requests.HTTPError:
            gone += 1
        except PlainError as refusal:
            if not fetched:
                raise
            error = PlainError(
                f"{refusal.what}; {len(fetched):,} of {len(family.lists):,} lists were loaded before that",
                where=refusal.where,
                remedy=refusal.remedy.replace(
                    "othing was loaded", "othing of the others was loaded"
                ),
            )
            break
    if gone:
        are = "parent is" if gone == 1 else "parents are"
        api.context.progress(f"{where}: {gone:,} {are} not there any more (404)")
    return fetched, error


def _replaced(
    context: LoadContext,
    source: RestSource,
    table: RestTable,
    fetched: list[Fetched],
    *,
    everything: bool,
) -> dict[str, tuple[Superseded, ...]]:
    """What came of the same lists before; a reload that is whole replaces everything."""
    asked = {each.resource.path for each in fetched}
    return {
        name: tuple(
            Superseded(each.load_id, each.input.path)
            for each in context.manifest.live_inputs(source.name, name)
            if everything or each.input.path in asked
        )
        for name in _names(table)
    }


def _names(table: RestTable) -> tuple[str, ...]:
    return (table.name, *(child.name for child in table.children))

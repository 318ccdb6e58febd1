"""`till rejected`: the rows that were not loaded, and why, from the committed load records.

Only Parquet files that a load record names are read. A row whose file was mended and loaded again no
longer counts: the later record says that it replaced that file of that load.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import nearest
from ingest.lake.manifest import Manifest, Record
from ingest.rows.duckdb_sql import connect, exact_path, number, text_list, text_literal

EXAMPLE_LENGTH = 200
TEXTS = (
    "source_name",
    "table_name",
    "load_id",
    "file",
    "column_name",
    "reason",
    "original_text",
)
COLUMNS = (*TEXTS[:4], "line", *TEXTS[4:], "is_superseded", "replayed_at")
NEWEST_FIRST = ", ".join(
    # Qualified: a cell that was made harmless has the same name and another order.
    f"rejected.{name}"
    for name in (
        "load_number desc",
        "source_name",
        "table_name",
        "file",
        "line nulls last",
        "original_text",
        "reason",
    )
)


@dataclass(frozen=True)
class RejectedRow:
    """A row that was not loaded; `line` (from 1) and `column_name` may be unknown.

    `is_superseded`: its file was loaded again since, and the new version counts instead; `replayed_at` (UTC) is
    when a replay loaded it.
    """

    source_name: str
    table_name: str
    load_id: str
    file: str
    line: int | None
    column_name: str | None
    reason: str
    original_text: str | None
    is_superseded: bool
    replayed_at: datetime | None


@dataclass(frozen=True)
class RejectedKind:
    """All rows of one file that did not fit in the same way; `reason` leaves their values out.

    The example is the value that did not fit, or the whole row where no one value is to blame.
    """

    source_name: str
    table_name: str
    file: str
    column_name: str | None
    reason: str
    rows: int
    example_line: int | None
    example: str | None
    is_superseded: bool
    is_replayed: bool


@dataclass(frozen=True)
class RejectedRows:
    """The rejected rows that were asked for, in the view `rejected` of `connection`."""

    connection: duckdb.DuckDBPyConnection
    total: int
    tables: int

    def kinds(self) -> list[RejectedKind]:
        """How many rows did not fit in which way: those of the newest load first."""
        found = self.connection.execute(_KINDS).fetchall()
        return [RejectedKind(*row) for row in found]

    def rows(self, limit: int) -> list[RejectedRow]:
        """The rows themselves, newest load first, at most `limit`; 0 for all."""
        found = self.connection.execute(
            f"select {', '.join(COLUMNS)} from rejected order by {NEWEST_FIRST}"
            + (f" limit {limit:d}" if limit else "")
        ).fetchall()
        return [RejectedRow(*row) for row in found]


@contextmanager
def open_rejected(
    lake: Path, manifest: Manifest, names: Sequence[str] = (), *, with_settled: bool = False
) -> Iterator[RejectedRows]:
    """The rejected rows of the sources or tables called `names`; of all when there are none.

    `with_settled`: also those that count no longer, because their file was mended or they were replayed.

    Raises ConfigurationError for a name that the lake does not have, PlainError for a lost file.
    """
    records = chosen_records(manifest, names)
    with tempfile.TemporaryDirectory(prefix="till-rejected-") as spool:
        connection = connect(Path(spool))
        try:
            connection.execute(_view(lake, records, with_settled=with_settled))
            total = number(connection, "select count(*) from rejected")
            tables = number(
                connection, "select count(distinct (source_name, table_name)) from rejected"
            )
            yield RejectedRows(connection, total, tables)
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise PlainError(
                f"the rejected rows cannot be read ({str(error).splitlines()[0]})",
                where=str(lake / "rejected"),
                remedy="Restore this folder from a backup.",
            ) from error
        finally:
            connection.close()


def chosen_records(manifest: Manifest, names: Sequence[str]) -> list[Record]:
    """The records of the sources and tables called `names` (`shop`, `shop.purchases`), or all."""
    sources = {record.source_name for record in manifest.records}
    known = sorted(sources | {_table(record) for record in manifest.records})
    for name in names:
        if name not in known:
            guess = nearest(name, known)
            raise ConfigurationError(
                f"nothing called '{name}' is in the lake",
                remedy=(f"Did you mean '{guess}'? " if guess else "")
                + f"Loaded are {', '.join(sorted(sources))}.",
            )
    return [
        record
        for record in manifest.records
        if not names or record.source_name in names or _table(record) in names
    ]


def _table(record: Record) -> str:
    return f"{record.source_name}.{record.table_name}"


def _view(lake: Path, records: Sequence[Record], *, with_settled: bool) -> str:
    """SQL that makes the view `rejected`; a record that replaces a file is of the same table."""
    files = [file.path for record in records for file in record.rejected_files if file.rows]
    taken = [file.path for record in records for file in record.replayed_files]
    for path in (*files, *taken):
        if not (lake / path).is_file():
            raise PlainError(
                "a load record names this file, and it is gone",
                where=str(lake / path),
                remedy="Restore it from a backup.",
            )
    if not files:
        types = {
            "line": "bigint",
            "load_number": "decimal(38, 6)",
            "is_superseded": "boolean",
            "replayed_at": "timestamp",
        }
        nothing = (
            f"null::{types.get(name, 'varchar')} as {name}" for name in (*COLUMNS, "load_number")
        )
        return f"create temp view rejected as select {', '.join(nothing)} where false"
    replaced = [
        (record.source_name, record.table_name, former.load_id, former.path)
        for record in records
        for former in record.supersedes
    ]
    keys = ("source_name", "table_name", "load_id", "file")
    former = ", ".join(
        f"unnest({text_list(row[place] for row in replaced)}::varchar[]) as {name}"
        for place, name in enumerate(keys)
    )
    paths = text_list(exact_path((lake / path).as_posix()) for path in files)
    return (
        f"create temp table replaced as select distinct * from (select {former}); "
        f"create temp table replayed as {_replayed(lake, records)}; "
        "create temp view rejected as select rejects.* exclude (replayed_at), "
        "rejects.load_id::decimal(38, 6) as load_number, replaced.file is not null as is_superseded, "
        "replayed.replayed_at "
        f"from read_parquet({paths}, hive_partitioning = false, union_by_name = true, "
        "file_row_number = true) as rejects "
        f"left join replaced on {' and '.join(f'rejects.{key} = replaced.{key}' for key in keys)} "
        f"left join replayed on {' and '.join(f'rejects.{key} = replayed.{key}' for key in keys[:3])} "
        "and rejects.file_row_number = replayed.place"
        + ("" if with_settled else " where replaced.file is null and replayed.place is null")
    )


def _replayed(lake: Path, records: Sequence[Record]) -> str:
    """SQL of the rows that replays took: their table, their load and their place in its file."""
    queries = [
        "select null::varchar as source_name, null::varchar as table_name, null::varchar as load_id, "
        "null::bigint as place, null::timestamp as replayed_at where false"
    ]
    for record in records:
        if record.replayed_files:
            paths = text_list(
                exact_path((lake / file.path).as_posix()) for file in record.replayed_files
            )
            queries.append(
                f"select {text_literal(record.source_name)}, {text_literal(record.table_name)}, "
                f"load_id, place, replayed_at from read_parquet({paths}, hive_partitioning = false)"
            )
    return " union all ".join(queries)


# A reason reads `quantity: 'two' is not a whole number`, `quantity is empty`, several of them with `; `,
# or it tells of the whole line. With one column the value ends at the last quote that can end it,
# whatever stands in it; with several, where the first sentence of ours goes on.
_KINDS = r"""
with told as (
    select
        *,
        coalesce(starts_with(reason, column_name || ': '''), false)
            and not contains(column_name, ', ') as has_value,
    -- Which record of a stream it was is no kind of its own.
    from (select * replace (regexp_replace(reason, ' \(record \d+\)$', '') as reason) from rejected)
),

sorted_by_kind as (
    select
        *,
        case
            when has_value
                then regexp_replace(reason, '(?s)^\w+: ''.*'' is not ', 'is not ')
            when reason = column_name || ' is empty' then 'is empty'
            else regexp_replace(
                regexp_replace(
                    regexp_replace(
                        reason,
                        '(?s): ''.*?'' is not (a |true or |one of |at least |at most |text like )',
                        ' is not \1', 'g'
                    ),
                    'the line has \d+ values?, not', 'the line has … values, not', 'g'
                ),
                'on Line: \d+', 'on a line'
            )
        end as kind,
        case
            when has_value then regexp_extract(reason, '(?s)^\w+: ''(.*)'' is not ', 1)
            else left(original_text, {length})
        end as example,
    from told
),

grouped as (
    select
        source_name,
        table_name,
        file,
        column_name,
        kind,
        is_superseded,
        replayed_at is not null as is_replayed,
        count(*) as rows,
        max(load_number) as newest,
        arg_min(
            {'line': line, 'example': example},
            (-load_number, coalesce(line, 0), coalesce(example, ''))
        ) as first_row,
    from sorted_by_kind
    group by source_name, table_name, file, column_name, kind, is_superseded, is_replayed
)

select
    source_name,
    table_name,
    file,
    column_name,
    kind,
    rows,
    first_row.line,
    first_row.example,
    is_superseded,
    is_replayed,
from grouped
order by
    newest desc, source_name, table_name, file, rows desc, column_name, kind, is_superseded, is_replayed
""".replace("{length}", str(EXAMPLE_LENGTH))

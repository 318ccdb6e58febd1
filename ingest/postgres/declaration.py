"""PostgreSQL databases in the sources file."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from ingest.declaration.tables import NewColumn, SourceBlock, TableBlock
from ingest.declaration.values import Lookback, lookback_units
from ingest.incremental.declaration import CursorBlock
from ingest.rows.new_columns import ColumnPolicy

_PART = r"[^\W\d][\w$ -]{0,62}"
_RELATION = re.compile(rf"{_PART}(\.{_PART})?")
_CURSOR_TYPES = ("timestamp", "date", "integer")


def _relation_name(name: str) -> str:
    if not _RELATION.fullmatch(name):
        raise ValueError("must be a table's name, or schema.name, as the database writes it")
    return name


def _one_select(query: str) -> str:
    """The query without the semicolon at its end; whether it is one SELECT, the database decides."""
    return query.strip().rstrip(";").rstrip()


def _plain_address(address: SecretStr) -> SecretStr:
    if not re.match("postgres(ql)?://", address.get_secret_value()):
        raise ValueError(
            "must be an address such as "
            "postgresql://user:password@host:5432/database"  # pragma: allowlist secret
        )
    return address


class DatabaseTableBlock(TableBlock):
    """What tables have that come from a database."""

    # A database's tables have more columns than a shop's figures need.
    on_new_column: NewColumn = Field(
        "ignore",
        description="A column that is not declared: add (as text), ignore (and say so), or refuse.",
    )


class PostgresTable(DatabaseTableBlock):
    """A table or view of the database, or what a query gives."""

    table: Annotated[str, AfterValidator(_relation_name)] | None = Field(
        None, description="A table or view, as schema.name, exactly as the database writes it."
    )
    query: Annotated[str, AfterValidator(_one_select)] | None = Field(
        None, min_length=1, description="In place of a table: one SELECT, which is run read-only."
    )
    cursor: CursorBlock | None = None

    @model_validator(mode="after")
    def _says_what_is_read(self) -> PostgresTable:
        if (self.table is None) == (self.query is None):
            raise ValueError("needs either 'table' or 'query'")
        return self

    @model_validator(mode="after")
    def _cursor_fits(self) -> PostgresTable:
        if self.cursor is None:
            return self
        if self.cursor_type not in _CURSOR_TYPES:
            raise ValueError(
                f"the cursor column '{self.cursor.column}' must be a declared timestamp, date or integer"
            )
        if not self.key:
            # A row that changed comes again: without a key, nothing could tell its versions apart.
            raise ValueError("a cursor needs the table's key; name its columns under 'key'")
        if self.cursor.initial is not None:
            _check_initial(self.cursor.initial, self.cursor_type)
        return self

    @property
    def cursor_type(self) -> str:
        """The declared type of the cursor's column; empty without a cursor, or if it is not declared."""
        types = {column.name: column.type for column in self.columns}
        return types.get(self.cursor.column, "") if self.cursor else ""

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which a row cannot be told apart, or would not be asked for again."""
        cursor = (self.cursor.column,) if self.cursor and self.cursor.column not in self.key else ()
        return (*self.key, *cursor)

    @property
    def column_policy(self) -> ColumnPolicy:
        """What may be missing; the cursor's column may not."""
        policy = super().column_policy
        needed = {each.source_name for each in self.columns if each.name in self.needed}
        return ColumnPolicy(policy.on_new, policy.optional - needed)

    @property
    def reads(self) -> str:
        """What messages, records and the column `_file` call it."""
        return self.table or "query"


def _check_initial(initial: str, kind: str) -> None:
    try:
        if kind == "integer":
            int(initial)
        else:
            datetime.fromisoformat(initial)
    except ValueError:
        wanted = "a whole number" if kind == "integer" else "a day or time such as 2024-03-09"
        raise ValueError(f"the cursor's initial must be {wanted}") from None


class DatabaseBlock(SourceBlock):
    """Where a PostgreSQL database is, and who asks it: one address, or its parts."""

    connection: Annotated[SecretStr, AfterValidator(_plain_address)] | None = Field(
        None,
        description="Always ${NAME}, whose value is postgresql://user:$PASSWORD@host/database; "
        "options such as ?sslmode=verify-full stand there too.",
    )
    host: str | None = Field(None, min_length=1)
    port: int = Field(5432, ge=1, le=65535)
    database: str | None = Field(None, min_length=1)
    user: str | None = Field(None, min_length=1)
    password: SecretStr | None = Field(
        None, description="Always ${NAME}, never the password itself."
    )

    @model_validator(mode="after")
    def _is_one_place(self) -> DatabaseBlock:
        parts = [name for name in ("host", "database", "user", "password") if getattr(self, name)]
        if self.connection is not None and parts:
            raise ValueError(f"has 'connection', so '{parts[0]}' has no place beside it")
        if self.connection is None:
            for name in ("host", "database", "user"):
                if name not in parts:
                    raise ValueError(f"needs '{name}', or 'connection' in place of all parts")
        return self


class PostgresSource(DatabaseBlock):
    """Tables of a PostgreSQL database."""

    kind: Literal["postgres"]
    timeout: Lookback = Field(
        "1h", description="How long one question may take, such as 90s or 2h; then it is given up."
    )
    tables: Annotated[tuple[PostgresTable, ...], Field(min_length=1)]

    @property
    def timeout_seconds(self) -> int:
        """At least one: for the database, 0 means for ever."""
        return max(lookback_units(self.timeout), 1)

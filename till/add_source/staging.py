"""The staging model of a proposed table: SQL as a person would write it, and its properties.

What is written belongs to whoever asked for it: it is read, changed and committed like any other model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.profile.proposal import GRAIN, ProposedColumn, ProposedTable

_LINE_LENGTH = 100


@dataclass(frozen=True)
class Assumed:
    """What holds for all rows where no column says it."""

    currency: str
    country: str | None
    channel: str
    timezone: str


@dataclass(frozen=True)
class _Expression:
    """One column of the model: its name, the SQL that gives it, and its description."""

    name: str
    sql: str
    description: str


def model_name(source: str, table: ProposedTable) -> str:
    """How the staging model is called."""
    return f"stg_{source}__{table.name}"


def staging_sql(source: str, table: ProposedTable, assumed: Assumed) -> str:
    """The model's text."""
    expressions = _expressions(source, table, assumed)
    width = ",\n    ".join(
        each.sql if each.sql == each.name else f"{each.sql} as {each.name}" for each in expressions
    )
    return f"with {_rows(source, table)}\n\nselect\n    {width}\nfrom {_relation(table)}\n"


def staging_properties(source: str, table: ProposedTable, assumed: Assumed) -> str:
    """The text of the YAML file beside it."""
    key = ", ".join(table.key) or "none found"
    lines = [
        "version: 2",
        "",
        "models:",
        f"  - name: {model_name(source, table)}",
        "    description: >",
        f"      One row per {GRAIN[table.entity] if table.entity else 'row of the source'}. "
        f"Key in the source: {key}. A view on the raw table:",
        "      as fresh as the newest load. Hazards: none known yet; written from a look at "
        f"{table.rows_seen:,} rows.",
        "    columns:",
    ]
    for each in _expressions(source, table, assumed):
        lines += [f"      - name: {each.name}", f'        description: "{each.description}"']
    return "\n".join(lines) + "\n"


def _relation(table: ProposedTable) -> str:
    if table.key:
        return "newest"
    return "numbered" if table.entity == "order_lines" else "raw_rows"


def _rows(source: str, table: ProposedTable) -> str:
    """The first step: which raw rows count."""
    raw = f"source('{source}', '{table.name}')"
    if table.key:
        cursor = table.options.get("cursor")
        by = f"'{cursor['column']} desc nulls last', " if isinstance(cursor, dict) else ""
        key = ", ".join(f"'{name}'" for name in table.key)
        return (
            "newest as (\n    {{ newest_versions(\n"
            f"        {raw},\n        key=[{key}],\n        newest_first=[{by}'_load_id desc'],\n"
            "    ) | indent(4) }}\n)"
        )
    if table.entity != "order_lines":
        return f"raw_rows as (\n    select * from {{{{ {raw} }}}}\n)"
    within = [column.name for column in _present(table, "order_id", "product_id")]
    rest = [column.name for column in table.columns if column.name not in within]
    order = _wrapped(["_file", *rest], "order by ", 12)
    # Equal lines of an order are lines of their own: who buys the same thing twice pays twice.
    return (
        "numbered as (\n    select\n        *,\n        row_number() over (\n"
        f"            partition by {', '.join(within)}\n            {order}\n"
        f"        ) as line_number\n    from {{{{ {raw} }}}}\n)"
    )


def _wrapped(names: Sequence[str], before: str, indent: int) -> str:
    one_line = before + ", ".join(names)
    if len(one_line) + indent <= _LINE_LENGTH:
        return one_line
    inner = f",\n{' ' * (indent + 4)}".join(names)
    return f"{before.rstrip()}\n{' ' * (indent + 4)}{inner}"


def _present(table: ProposedTable, *roles: str) -> list[ProposedColumn]:
    return [column for role in roles if (column := table.with_role(role))]


def _expressions(source: str, table: ProposedTable, assumed: Assumed) -> list[_Expression]:
    make = _ENTITIES.get(table.entity or "", _as_it_is)
    return make(source, table, assumed)


def _doc(block: str, more: str = "") -> str:
    return "{{ doc('" + block + "') }}" + (f" {more}" if more else "")


def _text(table: ProposedTable, role: str) -> str:
    column = table.with_role(role)
    if column is None:
        return "cast(null as varchar)"
    if column.type != "text":
        return f"cast({column.name} as varchar)"
    if column.is_fractional:
        # A spreadsheet made fractions of the numbers: 12708.0.
        return f"nullif(regexp_replace(trim({column.name}), '[.]0$', ''), '')"
    return f"nullif(trim({column.name}), '')"


def _moment(table: ProposedTable, role: str) -> str:
    column = table.with_role(role)
    if column is None:
        return "cast(null as timestamp)"
    value = column.name
    if column.type == "text":
        value = f"try_cast({column.name} as timestamp)"
    if column.is_zoned:
        return f"cast({value} as timestamp)"
    return "{{ local_to_utc(" + f'"{value}"' + ", var('business_timezone')) }}"


def _number(table: ProposedTable, role: str, kind: str, otherwise: str) -> str:
    column = table.with_role(role)
    return f"cast({column.name} as {kind})" if column else f"cast({otherwise} as {kind})"


def _literal(value: str | None) -> str:
    if value is None:
        return "cast(null as varchar)"
    return "'" + value.replace("'", "''") + "'"


def _or_assumed(table: ProposedTable, role: str, value: str | None) -> str:
    if table.with_role(role) is None:
        return _literal(value)
    text = _text(table, role)
    return f"upper({text})" if role == "currency" else text


def _order_lines(source: str, table: ProposedTable, assumed: Assumed) -> list[_Expression]:
    del source
    if table.key:
        line_id = table.key[0] if len(table.key) == 1 else f"concat_ws(':', {', '.join(table.key)})"
    else:
        names = [column.name for column in _present(table, "order_id", "product_id")]
        line_id = f"concat_ws(':', {', '.join([*names, 'line_number'])})"
    quantity = _number(table, "quantity", "decimal(18, 3)", "1")
    price = _number(table, "unit_price", "decimal(18, 4)", "null")
    total, pieces = table.with_role("line_total"), table.with_role("quantity")
    if table.with_role("unit_price") is None and total is not None:
        per_piece = f"{total.name} / nullif({pieces.name}, 0)" if pieces else total.name
        price = f"cast({per_piece} as decimal(18, 4))"
    return [
        _Expression("order_line_id", line_id, _doc("order_line_id")),
        _Expression("order_id", _text(table, "order_id"), _doc("order_id")),
        _Expression("ordered_at", _moment(table, "ordered_at"), _doc("ordered_at")),
        _Expression("customer_id", _text(table, "customer_id"), _doc("customer_id")),
        _Expression("product_id", _text(table, "product_id"), _doc("product_id")),
        _Expression("product_name", _text(table, "product_name"), _doc("product_name")),
        _Expression("category", _text(table, "category"), _doc("product_category")),
        _Expression(
            "country", _or_assumed(table, "country", assumed.country), _doc("country_spelling")
        ),
        _Expression("channel", _or_assumed(table, "channel", assumed.channel), _doc("channel")),
        _Expression("line_type", "cast(null as varchar)", _doc("source_line_type")),
        _Expression("is_cancellation", "false", _doc("is_cancellation")),
        _Expression("quantity", quantity, _doc("quantity")),
        _Expression("unit_price", price, _doc("unit_price")),
        _Expression(
            "discount_amount",
            _coalesced(_number(table, "discount_amount", "decimal(18, 4)", "0"), table),
            _doc("discount_amount"),
        ),
        _Expression("currency", _or_assumed(table, "currency", assumed.currency), _doc("currency")),
        _Expression("set_aside_reason", "cast(null as varchar)", _doc("set_aside_reason")),
        *_origin(table),
    ]


def _coalesced(number: str, table: ProposedTable) -> str:
    return f"coalesce({number}, 0)" if table.with_role("discount_amount") else number


def _origin(table: ProposedTable) -> list[_Expression]:
    """Where a row came from."""
    return [
        _Expression(
            "original_values",
            f"cast(to_json({_relation(table)}) as varchar)",
            _doc("original_values"),
        ),
        _Expression("_table_name", f"'{table.name}'", _doc("raw_table_name")),
        _Expression("_load_id", "_load_id", _doc("load_id")),
        _Expression("_loaded_at", "_loaded_at", _doc("loaded_at")),
    ]


def _customers(source: str, table: ProposedTable, assumed: Assumed) -> list[_Expression]:
    del source
    return [
        _Expression("customer_id", _text(table, "customer_id"), _doc("customer_id")),
        _Expression("name", _text(table, "name"), _doc("customer_name")),
        _Expression("email", _lower(_text(table, "email"), table), _doc("email")),
        _Expression(
            "country", _or_assumed(table, "country", assumed.country), _doc("country_spelling")
        ),
        _Expression("signed_up_at", _moment(table, "signed_up_at"), _doc("signed_up_at")),
        *_origin(table),
    ]


def _lower(text: str, table: ProposedTable) -> str:
    return f"lower({text})" if table.with_role("email") else text


def _products(source: str, table: ProposedTable, assumed: Assumed) -> list[_Expression]:
    del source, assumed
    name = "product_name" if table.with_role("product_name") else "name"
    return [
        _Expression("product_id", _text(table, "product_id"), _doc("product_id")),
        _Expression("name", _text(table, name), _doc("product_name")),
        _Expression("category", _text(table, "category"), _doc("product_category")),
        _Expression(
            "unit_cost",
            _number(table, "unit_cost", "decimal(18, 4)", "null"),
            _doc("unit_cost"),
        ),
        _Expression("line_type", "cast(null as varchar)", _doc("source_line_type")),
        _Expression("_load_id", "_load_id", _doc("load_id")),
        _Expression("_loaded_at", "_loaded_at", _doc("loaded_at")),
    ]


def _events(source: str, table: ProposedTable, assumed: Assumed) -> list[_Expression]:
    del source, assumed
    when = "occurred_at" if table.with_role("occurred_at") else "ordered_at"
    return [
        _Expression("event_id", _text(table, "event_id"), _doc("event_id")),
        _Expression("event_type", f"lower({_text(table, 'event_type')})", _doc("event_type")),
        _Expression("occurred_at", _moment(table, when), _doc("occurred_at")),
        _Expression("customer_id", _text(table, "customer_id"), _doc("customer_id")),
        _Expression("session_id", _text(table, "session_id"), _doc("session_id")),
        _Expression("product_id", _text(table, "product_id"), _doc("product_id")),
        _Expression("_load_id", "_load_id", _doc("load_id")),
        _Expression("_loaded_at", "_loaded_at", _doc("loaded_at")),
    ]


def _as_it_is(source: str, table: ProposedTable, assumed: Assumed) -> list[_Expression]:
    """A table that gives rows to no canonical table: its columns, with the spaces around them gone."""
    del source, assumed
    found = [
        _Expression(
            column.name,
            f"nullif(trim({column.name}), '')" if column.type == "text" else column.name,
            f"As the source has it, under the name {_quoted(column.header)}.",
        )
        for column in table.columns
    ]
    return [
        *found,
        _Expression("_load_id", "_load_id", _doc("load_id")),
        _Expression("_loaded_at", "_loaded_at", _doc("loaded_at")),
    ]


def _quoted(header: str) -> str:
    plain = "".join(
        letter if letter.isprintable() and letter not in '"\\{}' else " " for letter in header
    )
    return f"'{plain}'"


_ENTITIES: dict[str, Callable[[str, ProposedTable, Assumed], list[_Expression]]] = {
    "order_lines": _order_lines,
    "customers": _customers,
    "products": _products,
    "events": _events,
}

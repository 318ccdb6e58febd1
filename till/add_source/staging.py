"""The staging models of a proposed table, and of the lists within its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest.profile.proposal import GRAIN, ProposedChild, ProposedColumn, ProposedTable
from till.add_source.expressions import (
    Assumed,
    as_it_is,
    customer_part,
    event_part,
    line_part,
    order_part,
    product_part,
    rate_part,
    uncounted,
)
from till.add_source.model import Expression, Model, doc, properties, select

_LINE_LENGTH = 100
VERSION = "order_version"


def staging_models(source: str, table: ProposedTable, assumed: Assumed) -> list[Model]:
    """The model of the table itself, then those of its lists."""
    found = [_table_model(source, table, assumed)]
    for child in table.children:
        found.append(_child_model(source, table, child))
    return found


def model_name(source: str, table: str) -> str:
    """How the staging model of a raw table is called."""
    return f"stg_{source}__{table}"


def _table_model(source: str, table: ProposedTable, assumed: Assumed) -> Model:
    step = "newest" if table.key else "raw_rows"
    rows = f"with {_rows(source, table)}"
    is_flat_sale = table.entity == "order_lines" and not table.lines
    if is_flat_sale and not table.key:
        step, rows = "numbered", f"with {_numbered(source, table)}"
    expressions = [*_expressions(table, assumed, step), *_load()]
    grain = "order" if table.lines else GRAIN[table.entity] if table.entity else "row of the source"
    description = [
        f"One row per {grain}. Key in the source: {', '.join(table.key) or 'none found'}. "
        "A view on the raw table:",
        "as fresh as the newest load. Hazards: none known yet; written from a look at "
        f"{table.rows_seen:,} rows.",
    ]
    name = model_name(source, table.name)
    sql = f"{rows}\n\nselect\n    {select(expressions)}\nfrom {step}\n"
    return Model(name, "staging", source, sql, properties(name, description, expressions))


def _expressions(table: ProposedTable, assumed: Assumed, step: str) -> list[Expression]:
    if table.lines:
        version = Expression(VERSION, table.version, "Tells this version of the order from others.")
        order_id, *others = order_part(table, assumed)
        return [replace(order_id, tests=("not_null", "unique")), *others, version]
    if table.entity == "order_lines":
        return _flat_sales(table, assumed, step)
    found: dict[str | None, list[Expression]] = {
        "customers": [*customer_part(table, assumed), *_origin(step, table.name)],
        "products": product_part(table),
        "events": [*event_part(table), *_origin(step, table.name)],
        "exchange_rates": rate_part(table, assumed),
        None: as_it_is(table.columns),
    }
    return found[table.entity]


def _flat_sales(table: ProposedTable, assumed: Assumed, step: str) -> list[Expression]:
    """Sales whose rows are the lines, each with what its order says."""
    parts = list(table.key)
    if not parts:
        names = [each.name for each in _present(table, "order_id", "product_id")]
        parts = [*names, "line_number"]
    line_id = parts[0] if len(parts) == 1 else f"concat_ws(':', {', '.join(parts)})"
    return [
        Expression("order_line_id", line_id, doc("order_line_id")),
        *order_part(table, assumed),
        *line_part(table),
        *uncounted(table, assumed),
        *_origin(step, table.name),
    ]


def _child_model(source: str, table: ProposedTable, child: ProposedChild) -> Model:
    """A list within the records: its items, of the newest version of the record around them."""
    (parent,) = table.key
    item = child.key[0] if child.key else "_list_index"
    name = model_name(source, child.name)
    if child.name == table.lines:
        expressions = [
            Expression("order_id", f"nullif(trim({parent}), '')", doc("order_id")),
            Expression(
                "line_id",
                f"cast({item} as varchar)",
                "What tells the line from others of its order.",
            ),
            *line_part(child),
            Expression(VERSION, table.version, "The version of the order that the line came with."),
            *_origin("newest", child.name),
        ]
        grain = "line of the newest version of an order"
    else:
        expressions = [
            Expression(parent, parent, f"What tells the row of {table.name} from others."),
            Expression("_list_index", "_list_index", "Its place in the list, from 0."),
            *as_it_is(child.columns),
        ]
        grain = f"item of the list {child.path} of {table.name}"
    expressions += _load()
    sql = (
        "with newest as (\n    {{ children_of_newest_versions(\n"
        f"        source('{source}', '{child.name}'),\n        parent_key='{parent}',\n"
        f"        key=['{parent}', '{item}'],\n        version={_quoted(table.version)},\n"
        f"    ) | indent(4) }}}}\n)\n\nselect\n    {select(expressions)}\nfrom newest\n"
    )
    description = [f"One row per {grain}. A view on the raw table: as fresh as the newest load."]
    return Model(name, "staging", source, sql, properties(name, description, expressions))


def _rows(source: str, table: ProposedTable) -> str:
    """The first step: which raw rows count."""
    raw = f"source('{source}', '{table.name}')"
    if not table.key:
        return f"raw_rows as (\n    select * from {{{{ {raw} }}}}\n)"
    key = ", ".join(f"'{name}'" for name in table.key)
    versions = ["'_load_id desc'", "'_file desc'"]
    if table.version != "_load_id":
        versions.insert(0, _quoted(f"{table.version} desc nulls last"))
    return (
        "newest as (\n    {{ newest_versions(\n"
        f"        {raw},\n        key=[{key}],\n        newest_first=[{', '.join(versions)}],\n"
        "    ) | indent(4) }}\n)"
    )


def _quoted(sql: str) -> str:
    """SQL as a text of Jinja."""
    return f'"{sql}"' if "'" in sql else f"'{sql}'"


def _numbered(source: str, table: ProposedTable) -> str:
    """Lines without a key of their own, numbered within their order."""
    within = [column.name for column in _present(table, "order_id", "product_id")]
    rest = [column.name for column in table.columns if column.name not in within]
    order = _wrapped(["_file", *rest], "order by ", 12)
    # Equal lines of an order are lines of their own: who buys the same thing twice pays twice.
    return (
        "numbered as (\n    select\n        *,\n        row_number() over (\n"
        f"            partition by {', '.join(within)}\n            {order}\n"
        f"        ) as line_number\n    from {{{{ source('{source}', '{table.name}') }}}}\n)"
    )


def _wrapped(names: Sequence[str], before: str, indent: int) -> str:
    one_line = before + ", ".join(names)
    if len(one_line) + indent <= _LINE_LENGTH:
        return one_line
    inner = f",\n{' ' * (indent + 4)}".join(names)
    return f"{before.rstrip()}\n{' ' * (indent + 4)}{inner}"


def _present(table: ProposedTable, *roles: str) -> list[ProposedColumn]:
    return [column for role in roles if (column := table.with_role(role))]


def _origin(step: str, table: str) -> list[Expression]:
    """Where a row came from."""
    return [
        Expression("original_values", f"{{{{ row_as_json('{step}') }}}}", doc("original_values")),
        Expression("_table_name", f"'{table}'", doc("raw_table_name")),
    ]


def _load() -> list[Expression]:
    return [
        Expression("_load_id", "_load_id", doc("load_id")),
        Expression("_loaded_at", "_loaded_at", doc("loaded_at")),
    ]

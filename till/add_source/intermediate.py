"""What a source needs between staging and the canonical tables: lines with what their orders say."""

from __future__ import annotations

from ingest.profile.proposal import ProposedSource, ProposedTable
from till.add_source.expressions import Assumed, uncounted
from till.add_source.model import Expression, Model, doc, properties, select
from till.add_source.staging import VERSION, model_name


def intermediate_models(source: ProposedSource, assumed: Assumed) -> list[Model]:
    """The models; none where staging already gives what the canonical tables want."""
    return [_joined(source.name, table, assumed) for table in source.tables if table.lines]


def lines_model(source: str, table: ProposedTable) -> str:
    """The model that gives the order lines of a table."""
    return _joined_name(source, table) if table.lines else model_name(source, table.name)


def _joined_name(source: str, table: ProposedTable) -> str:
    return f"int_{source}_{table.name}_lines_joined"


def _joined(source: str, table: ProposedTable, assumed: Assumed) -> Model:
    """Each line with what its order says."""
    lines, name = table.line_list, _joined_name(source, table)
    if lines is None:
        raise ValueError(f"{table.name} has no list of lines")
    of_order = ("ordered_at", "customer_id", "country", "channel", "currency")
    of_line = ("product_id", "product_name", "category", "quantity", "unit_price")
    docs = {"country": "country_spelling", "category": "product_category"}
    gone = "when orders.order_id is null then 'line of no newest order'"
    expressions = [
        Expression(
            "order_line_id",
            "order_lines.order_id || ':' || order_lines.line_id",
            doc("order_line_id"),
        ),
        Expression("order_id", "order_lines.order_id", doc("order_id")),
        *(Expression(each, f"orders.{each}", doc(docs.get(each, each))) for each in of_order),
        *(Expression(each, f"order_lines.{each}", doc(docs.get(each, each))) for each in of_line),
        Expression("discount_amount", "order_lines.discount_amount", doc("discount_amount")),
        *uncounted(table, assumed, "orders.currency", gone),
        Expression("original_values", "order_lines.original_values", doc("original_values")),
        Expression("_table_name", f"'{lines.name}'", doc("raw_table_name")),
        Expression("_load_id", "order_lines._load_id", doc("load_id")),
        Expression("_loaded_at", "order_lines._loaded_at", doc("loaded_at")),
    ]
    sql = f"""\
with order_lines as (
    select * from {{{{ ref('{model_name(source, lines.name)}') }}}}
),

orders as (
    select * from {{{{ ref('{model_name(source, table.name)}') }}}}
)

select
    {select(expressions)}
from order_lines
left join orders
    on
        order_lines.order_id = orders.order_id
        and order_lines.{VERSION} is not distinct from orders.{VERSION}
        and order_lines._load_id = orders._load_id
"""
    description = [
        f"One row per line of {model_name(source, lines.name)}, with what its order says. A line whose",
        "version of the order is not the newest has a set_aside_reason. The join finds at most one row:",
        f"order_id is unique in {model_name(source, table.name)}. A view.",
    ]
    return Model(name, "intermediate", source, sql, properties(name, description, expressions))

"""What a source needs between staging and the canonical tables: lines with their orders, and products."""

from __future__ import annotations

from ingest.profile.proposal import Columns, ProposedSource, ProposedTable
from till.add_source.expressions import Assumed, uncounted
from till.add_source.model import Expression, Model, doc, properties, select
from till.add_source.staging import VERSION, model_name


def intermediate_models(source: ProposedSource, assumed: Assumed) -> list[Model]:
    """The models; none where staging already gives what the canonical tables want."""
    found = [_joined(source.name, table, assumed) for table in source.tables if table.lines]
    seller = _names_products(source)
    if seller is not None:
        found.append(_derived(source.name, lines_model(source.name, seller)))
    return found


def lines_model(source: str, table: ProposedTable) -> str:
    """The model that gives the order lines of a table."""
    return _joined_name(source, table) if table.lines else model_name(source, table.name)


def derived_products(source: ProposedSource) -> str | None:
    """The model that lists the products, where no table of the source does."""
    return _derived_name(source.name) if _names_products(source) else None


def _names_products(source: ProposedSource) -> ProposedTable | None:
    """The table of orders that names products, where no table lists them."""
    if any(table.entity == "products" for table in source.tables):
        return None
    return next(
        (
            table
            for table in source.tables
            if table.entity == "order_lines" and _has_product(table.of_lines)
        ),
        None,
    )


def _has_product(table: Columns) -> bool:
    return any(table.with_role(role) for role in ("product_id", "product_name"))


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


def _derived_name(source: str) -> str:
    return f"int_{source}_products_derived"


def _derived(source: str, lines: str) -> Model:
    """The products that the orders name."""
    name = _derived_name(source)
    sql = f"""\
-- The source has no list of products: what the newest order says about one counts.
select
    product_id,
    {{{{ max_by(
        'product_name',
        ['ordered_at', 'product_name'],
        where='product_name is not null and ordered_at is not null',
    ) }}}} as name,
    {{{{ max_by(
        'category',
        ['ordered_at', 'category'],
        where='category is not null and ordered_at is not null',
    ) }}}} as category,
    cast(null as decimal(18, 4)) as unit_cost,
    cast(null as varchar) as line_type
from {{{{ ref('{lines}') }}}}
where product_id is not null
group by product_id
"""
    expressions = [
        Expression("product_id", "", doc("product_id"), ("not_null", "unique")),
        Expression("name", "", doc("product_name")),
        Expression("category", "", doc("product_category")),
        Expression(
            "unit_cost", "", "Always null. The source does not say what a product costs the shop."
        ),
        Expression("line_type", "", doc("source_line_type")),
    ]
    description = [
        "One row per product that an order names: the source has no list of products, so there are no",
        "costs. Name and category are those of the newest order. Hazards: incomplete; revised later. A view.",
    ]
    return Model(name, "intermediate", source, sql, properties(name, description, expressions))

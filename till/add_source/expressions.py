"""The SQL that gives the columns of a canonical table, from the proposed columns of a raw one."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.profile.proposal import Columns, ProposedColumn
from till.add_source.model import Expression, doc

_PRICE = "decimal(18, 4)"


@dataclass(frozen=True)
class Assumed:
    """What holds for all rows where no column says it.

    `has_rates` says whether a source tells what other currencies than the reporting one are worth.
    """

    currency: str
    country: str | None
    channel: str
    timezone: str
    has_rates: bool = False


def order_part(table: Columns, assumed: Assumed) -> list[Expression]:
    """What an order says for all of its lines."""
    return [
        Expression("order_id", text(table, "order_id"), doc("order_id")),
        Expression("ordered_at", moment(table, "ordered_at"), doc("ordered_at")),
        Expression("customer_id", text(table, "customer_id"), doc("customer_id")),
        Expression(
            "country", _or_assumed(table, "country", assumed.country), doc("country_spelling")
        ),
        Expression("channel", _or_assumed(table, "channel", assumed.channel), doc("channel")),
        Expression("currency", _or_assumed(table, "currency", assumed.currency), doc("currency")),
    ]


def uncounted(
    table: Columns, assumed: Assumed, currency: str = "", case: str = ""
) -> list[Expression]:
    """What the figures want to know of a line and no column says.

    `currency` is SQL for that of the line, by default the column's own; `case` begins the reasons why a
    line is not counted, as `when ... then ...`.
    """
    cases = [case] if case else []
    if table.with_role("currency") and not assumed.has_rates:
        found = currency or _or_assumed(table, "currency", None)
        reporting = "'{{ var(" + '"reporting_currency"' + ") }}'"
        cases.append(f"when {found} != {reporting} then 'no exchange rate for its currency'")
    lines = "".join(f"\n        {each}" for each in cases)
    reason = f"case{lines}\n    end" if cases else literal(None)
    return [
        Expression("line_type", "cast(null as varchar)", doc("source_line_type")),
        Expression("is_cancellation", "false", doc("is_cancellation")),
        Expression("set_aside_reason", reason, doc("set_aside_reason")),
    ]


def line_part(table: Columns) -> list[Expression]:
    """What one line says."""
    product = "product_id" if table.with_role("product_id") else "product_name"
    discount = number(table, "discount_amount", _PRICE, "0")
    if table.with_role("discount_amount"):
        discount = f"coalesce({discount}, 0)"
    return [
        Expression("product_id", text(table, product), doc("product_id")),
        Expression("product_name", text(table, "product_name"), doc("product_name")),
        Expression("category", text(table, "category"), doc("product_category")),
        Expression("quantity", number(table, "quantity", "decimal(18, 3)", "1"), doc("quantity")),
        Expression("unit_price", _unit_price(table), doc("unit_price")),
        Expression("discount_amount", discount, doc("discount_amount")),
    ]


def customer_part(table: Columns, assumed: Assumed) -> list[Expression]:
    """A customer."""
    email = text(table, "email")
    email = f"lower({email})" if table.with_role("email") else email
    return [
        Expression("customer_id", text(table, "customer_id"), doc("customer_id")),
        Expression("name", text(table, "name"), doc("customer_name")),
        Expression("email", email, doc("email")),
        Expression(
            "country", _or_assumed(table, "country", assumed.country), doc("country_spelling")
        ),
        Expression("signed_up_at", moment(table, "signed_up_at"), doc("signed_up_at")),
    ]


def product_part(table: Columns) -> list[Expression]:
    """A product."""
    name = "product_name" if table.with_role("product_name") else "name"
    return [
        Expression("product_id", text(table, "product_id"), doc("product_id")),
        Expression("name", text(table, name), doc("product_name")),
        Expression("category", text(table, "category"), doc("product_category")),
        Expression("unit_cost", number(table, "unit_cost", _PRICE, "null"), doc("unit_cost")),
        Expression("line_type", "cast(null as varchar)", doc("source_line_type")),
    ]


def event_part(table: Columns) -> list[Expression]:
    """An event."""
    when = "occurred_at" if table.with_role("occurred_at") else "ordered_at"
    return [
        Expression("event_id", text(table, "event_id"), doc("event_id")),
        Expression("event_type", f"lower({text(table, 'event_type')})", doc("event_type")),
        Expression("occurred_at", moment(table, when), doc("occurred_at")),
        Expression("customer_id", text(table, "customer_id"), doc("customer_id")),
        Expression("session_id", text(table, "session_id"), doc("session_id")),
        Expression("product_id", text(table, "product_id"), doc("product_id")),
    ]


def rate_part(table: Columns, assumed: Assumed) -> list[Expression]:
    """What a currency was worth on a day."""
    when = "rate_date" if table.with_role("rate_date") else "ordered_at"
    return [
        Expression("rate_date", number(table, when, "date", "null"), doc("rate_date")),
        Expression("currency", _or_assumed(table, "currency", None), doc("rate_currency")),
        Expression(
            "reporting_currency",
            _or_assumed(table, "reporting_currency", assumed.currency),
            doc("rate_reporting_currency"),
        ),
        Expression(
            "exchange_rate",
            number(table, "rate", "decimal(18, 8)", "null"),
            doc("published_exchange_rate"),
        ),
    ]


def as_it_is(columns: tuple[ProposedColumn, ...]) -> list[Expression]:
    """Columns that mean nothing that is known: with the spaces around them gone."""
    return [
        Expression(
            column.name,
            f"nullif(trim({column.name}), '')" if column.type == "text" else column.name,
            f"As the source has it, under the name {_quoted(column.header)}.",
        )
        for column in columns
    ]


def text(table: Columns, role: str) -> str:
    """The column of this role as text, null where it is empty or not there."""
    column = table.with_role(role)
    if column is None:
        return "cast(null as varchar)"
    if column.type != "text":
        return f"cast({column.name} as varchar)"
    if column.is_fractional:
        # A spreadsheet made fractions of the numbers: 12708.0.
        return f"nullif(regexp_replace(trim({column.name}), '[.]0$', ''), '')"
    return f"nullif(trim({column.name}), '')"


def moment(table: Columns, role: str) -> str:
    """The column of this role as a time in UTC; one without a zone is the business's."""
    column = table.with_role(role)
    if column is None:
        return "cast(null as timestamp)"
    value = column.name
    if column.type == "text":
        value = f"try_cast({column.name} as timestamp)"
    if column.type == "date":
        value = f"cast({column.name} as timestamp)"
    if column.is_zoned:
        return f"cast({value} as timestamp)"
    return "{{ local_to_utc(" + f'"{value}"' + ", var('business_timezone')) }}"


def number(table: Columns, role: str, kind: str, otherwise: str) -> str:
    """The column of this role as `kind`."""
    column = table.with_role(role)
    return f"cast({column.name} as {kind})" if column else f"cast({otherwise} as {kind})"


def _unit_price(table: Columns) -> str:
    total, pieces = table.with_role("line_total"), table.with_role("quantity")
    if table.with_role("unit_price") or total is None:
        return number(table, "unit_price", _PRICE, "null")
    per_piece = f"{total.name} / nullif({pieces.name}, 0)" if pieces else total.name
    return f"cast({per_piece} as {_PRICE})"


def _or_assumed(table: Columns, role: str, value: str | None) -> str:
    if table.with_role(role) is None:
        return literal(value)
    found = text(table, role)
    return f"upper({found})" if role.endswith("currency") else found


def literal(value: str | None) -> str:
    """A text in SQL."""
    return "cast(null as varchar)" if value is None else "'" + value.replace("'", "''") + "'"


def _quoted(header: str) -> str:
    plain = "".join(
        letter if letter.isprintable() and letter not in '"\\{}' else " " for letter in header
    )
    return f"'{plain}'"

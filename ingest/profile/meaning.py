"""What a column probably means, by what it is called: in English, Spanish, German and French.

Names are compared without case, accents, spaces and punctuation. Only exact words are taken: a guess that is
wrong costs more than none, because somebody has to find it in the figures.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path

from configuration.yaml_file import read_yaml
from ingest.profile.proposal import Entity

_FILE = Path(__file__).with_name("meanings.yml")
# What a bare "id" is of is seen from the other columns, or from what the table is called.
_BARE_ID = "id"
LINE = "line"
_ID_OF = {
    "order": "order_id",
    "customer": "customer_id",
    "product": "product_id",
    "event": "event_id",
    LINE: "order_line_id",
}
_CALLED = {
    "order": (
        "order",
        "sale",
        "invoice",
        "receipt",
        "bestellung",
        "rechnung",
        "pedido",
        "commande",
    ),
    "customer": ("customer", "client", "kunde", "cliente"),
    "product": ("product", "article", "item", "artikel", "produkt", "articulo", "produit"),
    "event": ("event",),
}
# A column of each of these roles makes the table what it is; the first that fits is taken.
_ENTITIES: tuple[tuple[Entity, tuple[tuple[str, ...], ...]], ...] = (
    ("events", (("event_id",), ("event_type",), ("occurred_at", "ordered_at"))),
    ("exchange_rates", (("rate",), ("currency",), ("rate_date", "ordered_at"))),
    ("order_lines", (("order_id",), ("ordered_at",), ("unit_price", "line_total"))),
    ("customers", (("customer_id",), ("email", "signed_up_at", "name"))),
    (
        "products",
        (("product_id",), ("product_name", "name"), ("unit_cost", "category", "unit_price")),
    ),
)
# What may tell one row from all others, by what the table is.
KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "order_lines": (("order_line_id",), ("order_id", "order_line_id")),
    "customers": (("customer_id",),),
    "products": (("product_id",),),
    "events": (("event_id",),),
}


@cache
def _words() -> dict[str, list[str]]:
    """The words of each role."""
    return {str(role): [str(word) for word in words] for role, words in read_yaml(_FILE).items()}


def all_roles() -> tuple[str, ...]:
    """Every role that a column may play."""
    return tuple(role for role in _words() if role != _BARE_ID)


@cache
def _role_of() -> dict[str, str]:
    return {word: role for role, words in _words().items() for word in words}


def compared(name: str) -> str:
    """The name as it is compared: letters and digits alone, without accents, in small letters."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def entity_of(roles: Collection[str]) -> Entity | None:
    """The canonical table that a table with columns of these roles gives rows to."""
    for entity, wanted in _ENTITIES:
        if all(any(role in roles for role in any_of) for any_of in wanted):
            return entity
    return None


def are_lines(roles: Collection[str]) -> bool:
    """Whether the items of a list within an order are what was bought."""
    has_price = "unit_price" in roles or "line_total" in roles
    return has_price and any(role in roles for role in ("product_id", "product_name", "quantity"))


_BARE_PRODUCT = (
    "product",
    "produkt",
    "producto",
    "produit",
    "article",
    "artikel",
    "articulo",
    "item",
)


def roles(headers: Sequence[str], called: str = "") -> dict[str, str]:
    """The role of each header that has one; of two with the same role the first has it.

    `called` is the table's name, or LINE for the items of a list within an order.
    """
    found: dict[str, str] = {}
    known = {header: _role_of().get(compared(header)) for header in headers}
    # "Artikel" beside a number of the article is its name, alone it is what tells it.
    has_number = any(
        role == "product_id" and compared(header) not in _BARE_PRODUCT
        for header, role in known.items()
    )
    for header, role in known.items():
        if compared(header) in _BARE_PRODUCT:
            role = "product_name" if has_number else "product_id"  # noqa: PLW2901
        if role is not None and role not in found.values():
            found[header] = role
    return _settled(found, called)


def _settled(found: dict[str, str], called: str) -> dict[str, str]:
    """Words that mean one thing in a list of customers and another in a list of sales."""
    taken = set(found.values())
    if _BARE_ID in taken:
        bare = next(header for header, role in found.items() if role == _BARE_ID)
        role = _ID_OF.get(_thing(taken, called), "")
        if role and role not in taken:
            found[bare] = role
            taken.add(role)
        else:
            del found[bare]
    for header, role in list(found.items()):
        # A list of customers has a date too: that of the first contact.
        if role == "ordered_at" and "order_id" not in taken and "email" in taken:
            found[header] = "signed_up_at"
        is_product = "product_id" in taken or called == LINE
        if role == "name" and is_product and "product_name" not in taken:
            found[header] = "product_name"
    return found


def _thing(taken: Collection[str], called: str) -> str:
    """What the rows are, for whose id there is no better name."""
    if called == LINE:
        return LINE
    plain = compared(called)
    for thing, words in _CALLED.items():
        if any(plain.startswith(word) or plain.endswith((word, f"{word}s")) for word in words):
            return thing
    if "event_type" in taken:
        return "event"
    if "email" in taken or "signed_up_at" in taken:
        return "customer"
    if "unit_cost" in taken or "category" in taken:
        return "product"
    return ""

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


@cache
def _words() -> dict[str, list[str]]:
    """The words of each role."""
    return {str(role): [str(word) for word in words] for role, words in read_yaml(_FILE).items()}


def all_roles() -> tuple[str, ...]:
    """Every role that a column may play."""
    return tuple(_words())


@cache
def _role_of() -> dict[str, str]:
    return {word: role for role, words in _words().items() for word in words}


# A column of each of these roles makes the table what it is; the first that fits is taken.
_ENTITIES: tuple[tuple[Entity, tuple[tuple[str, ...], ...]], ...] = (
    ("events", (("event_type",), ("occurred_at", "ordered_at", "created_at"))),
    ("order_lines", (("order_id",), ("ordered_at",), ("unit_price", "line_total"))),
    ("customers", (("customer_id", "id"), ("email", "signed_up_at", "name"))),
    (
        "products",
        (("product_id", "id"), ("product_name", "name"), ("unit_cost", "category", "unit_price")),
    ),
)
# What tells one row from all others, by what the table is.
KEY_ROLES: Mapping[str, tuple[str, ...]] = {
    "order_lines": ("order_line_id",),
    "customers": ("customer_id",),
    "products": ("product_id",),
    "events": ("event_id",),
}


def compared(name: str) -> str:
    """The name as it is compared: letters and digits alone, without accents, in small letters."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def role_of(header: str) -> str | None:
    """The role that `header` names, None where no word is known."""
    return _role_of().get(compared(header))


def entity_of(roles: Collection[str]) -> Entity | None:
    """The canonical table that a table with columns of these roles gives rows to."""
    for entity, wanted in _ENTITIES:
        if all(any(role in roles for role in any_of) for any_of in wanted):
            return entity
    return None


def roles(headers: Sequence[str]) -> dict[str, str]:
    """The role of each header that has one; of two with the same role the first has it."""
    found: dict[str, str] = {}
    for header in headers:
        role = role_of(header)
        if role is not None and role not in found.values():
            found[header] = role
    return _settled(found)


def _settled(found: dict[str, str]) -> dict[str, str]:
    """Words that mean one thing in a list of customers and another in a list of sales."""
    taken = set(found.values())
    for header, role in list(found.items()):
        # "Product" or "Artikel" beside a number of the product is its name, alone it is what tells it.
        if (
            role == "product_name"
            and "product_id" not in taken
            and compared(header) in ("product", "produkt")
        ):
            found[header] = "product_id"
        # A list of customers has a date too: that of the first contact.
        if role == "ordered_at" and "order_id" not in taken and "email" in taken:
            found[header] = "signed_up_at"
        if role == "name" and "product_id" in taken and "product_name" not in taken:
            found[header] = "product_name"
    return found

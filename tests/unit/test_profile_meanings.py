"""What columns are called and taken for: names for the lake, meanings in four languages, types."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.profile.columns import lake_names, propose_columns
from ingest.profile.meaning import LINE, entity_of, roles
from ingest.profile.records import list_in, table_of_records
from ingest.rows.duckdb_sql import connect


@pytest.mark.parametrize(
    "headers",
    [
        ["Order ID", "Order Date", "SKU", "Description", "Qty", "Unit Price"],
        ["Belegnummer", "Datum", "Artikelnr.", "Bezeichnung", "Menge", "Einzelpreis"],
        ["Nº pedido", "Fecha", "Artículo", "Descripción", "Cantidad", "Precio"],
        ["Numéro commande", "Date vente", "Référence", "Désignation", "Quantité", "Prix"],
    ],
    ids=["en", "de", "es", "fr"],
)
def test_sales_are_known_in_four_languages(headers: list[str]) -> None:
    headers[0] = headers[0].replace("Nº pedido", "Pedido")
    found = roles(headers)
    wanted = ["order_id", "ordered_at", "product_id", "product_name", "quantity", "unit_price"]
    assert [found.get(header) for header in headers] == wanted
    assert entity_of(set(found.values())) == "order_lines"


@pytest.mark.parametrize(
    ("headers", "called", "role"),
    [
        (["id", "email"], "", "customer_id"),
        (["id", "name"], "customers", "customer_id"),
        (["id", "title", "category"], "", "product_id"),
        (["id", "created_at", "total"], "orders", "order_id"),
        (["id", "sku", "price"], LINE, "order_line_id"),
        (["id", "colour"], "things", None),
        (["id", "customer_id", "email"], "customers", None),
    ],
)
def test_a_bare_id_is_of_what_stands_beside_it(
    headers: list[str], called: str, role: str | None
) -> None:
    assert roles(headers, called).get("id") == role


def test_names_for_the_lake_are_each_once_and_no_word_of_sql() -> None:
    headers = ["Order", "order", "Straße", "a b", "A-B", "1st", "", "😀", "customerId", "x" * 90]
    assert lake_names(headers, {"a_b"}) == [
        "order_", "order__2", "strasse", "a_b_2", "a_b_3", "column_1st", "column_", "column__2",
        "customer_id", "x" * 63,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "values", "kind"),
    [
        ("pieces", ["1", "-2"], "integer"),
        ("share", ["0.5", "1"], "decimal(18,4)"),
        ("shipping cost", ["5", "0"], "decimal(18,4)"),
        ("zip", ["1010", "2020"], "text"),
        ("code", ["7", "8"], "text"),
        ("number of rooms", ["007", "12"], "text"),
        ("day", ["2024-05-04", ""], "date"),
        ("paid", ["true", "false"], "boolean"),
        ("empty", ["", " "], "text"),
        ("mixed", ["1", "one"], "text"),
    ],
)
def test_a_type_is_proposed_that_every_value_fits(
    tmp_path: Path, header: str, values: list[str], kind: str
) -> None:
    with connect(tmp_path) as connection:
        connection.execute(f"create table seen ({lake_names([header])[0]} varchar)")
        connection.executemany("insert into seen values (?)", [[value] for value in values])
        (column,) = propose_columns(
            connection, "select * from seen", {lake_names([header])[0]: header}
        )
    assert column.type == kind


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ([{"a": 1}], None),
        ({"data": [{"a": 1}], "included": [{"b": 1}, {"b": 2}]}, "data"),
        ({"response": {"orders": [{"a": 1}]}, "warnings": []}, "response.orders"),
        ({"errors": [{"e": 1}], "rows_found": [{"a": 1}, {"a": 2}]}, "rows_found"),
        ({"a": 1}, None),
    ],
)
def test_the_list_of_records_is_found_in_a_document(document: object, place: str | None) -> None:
    assert list_in(document)[0] == place


def test_names_that_the_sources_file_cannot_say_are_left_out(tmp_path: Path) -> None:
    record = {"id": "1", "a.b": 1, 'q"': 2, "Größe cm": 3, "in": {"x": 4}, "l l": [{"z": 1}]}
    table = table_of_records([record], "things", "x.json", None, tmp_path)
    assert [column.header for column in table.columns] == ["id", "Größe cm", "in.x"]
    assert table.children == ()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["Artikelnr", "Artikel"], {"Artikelnr": "product_id", "Artikel": "product_name"}),
        (["Artikel", "Bezeichnung"], {"Artikel": "product_id", "Bezeichnung": "product_name"}),
        (["Article", "Name"], {"Article": "product_id", "Name": "product_name"}),
        (["Product", "SKU"], {"Product": "product_name", "SKU": "product_id"}),
        (["Produkt"], {"Produkt": "product_id"}),
    ],
)
def test_a_bare_word_for_a_product_is_its_name_only_beside_its_number(
    headers: list[str], expected: dict[str, str]
) -> None:
    assert roles(headers) == expected

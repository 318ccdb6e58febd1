"""What an author is told of a page that cannot be drawn: where, what, and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from configuration.errors import ConfigurationError, PlainError
from reports.language.schema import json_schemas
from reports.pages import load_pages
from tests.unit.reports_folder import PAGE, page_with, render, write_pages


def told(folder: Path, text: str, site: str = "title: Reports\n") -> list[str]:
    """The lines of the error that the page `sales` gives, without the folder in front."""
    with pytest.raises(ConfigurationError) as caught:
        render(folder, {"sales": text}, site=site)
    return str(caught.value).replace(f"{folder}/pages/", "").splitlines()


def test_a_page_that_holds_together_is_loaded(tmp_path: Path) -> None:
    (page,) = load_pages(write_pages(tmp_path, {"sales": PAGE}))
    assert (page.id, page.spec.title, page.reads["months"].tables) == (
        "sales",
        "Sales",
        ("sales_monthly",),
    )


def place_of(text: str, part: str) -> str:
    """Line and column (from 1) of `part`, which stands once in `text`."""
    assert text.count(part) == 1
    before = text[: text.index(part)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


@pytest.mark.parametrize(
    ("before", "after", "at", "expected"),
    [
        (
            "title: Revenue by month",
            "titel: Revenue by month",
            "titel:",
            "unknown key 'sections[0].items[1].titel'. Did you mean 'title'?",
        ),
        (
            "y: [{field: net_revenue}]",
            "y: [{field: net_revenue, formt: int}]",
            "formt:",
            "unknown key 'sections[0].items[1].y[0].formt'. Did you mean 'format'?",
        ),
        (
            "dataset: months\n        x",
            "dataset: month\n        x",
            "dataset: month\n",
            "there is no dataset 'month'. Did you mean 'months'?",
        ),
        (
            "metrics: [revenue]",
            "metrics: [revenu]",
            "revenu]",
            "there is no metric 'revenu'. Did you mean 'revenue'?",
        ),
        (
            "from sales_monthly",
            "from sales_montly",
            "sql: select",
            "dataset 'months': there is no mart 'sales_montly'. Did you mean 'sales_monthly'?",
        ),
        (
            "y: [{field: net_revenue}]",
            "y: [{field: net_revenu}]",
            "field: net_revenu}",
            "there is no column 'net_revenu' in dataset 'months'. Did you mean 'net_revenue'?",
        ),
        (
            "order: [month_start]",
            "order: [month desc]",
            "month desc",
            "there is no column 'month' in dataset 'months'. Did you mean 'month_start'?",
        ),
        (
            "y: [{field: net_revenue}]",
            "y: [{field: month_start}]",
            "field: month_start}]",
            "'month_start' is not a number but DATE.",
        ),
        (
            "time: month_start",
            "time: orders",
            "time: orders",
            "'orders' is not a date but INTEGER.",
        ),
        (
            "time: month_start",
            "time: month_start, incomplete: orders",
            "incomplete: orders",
            "'orders' is not true or false but INTEGER.",
        ),
        (
            "sum(net_revenue)",
            "sum(net)",
            "revenue]",
            "metric 'revenue': Referenced column \"net\" not found in FROM clause!",
        ),
        (
            "sum(net_revenue)",
            "max(month_start)",
            "revenue]",
            "metric 'revenue' is not a number but DATE.",
        ),
        (
            "sum(net_revenue)",
            '"{revenue} + 1"',
            'sql: "{revenue}',
            "the metric 'revenue' is made of itself.",
        ),
        (
            "sum(net_revenue)",
            '"{orders} + 1"',
            'sql: "{orders}',
            "metric 'revenue': there is no metric 'orders'. Known: revenue.",
        ),
        (
            "title: Months",
            "intro: 'Best: {months.net:int}'",
            "intro:",
            "there is no column 'net' in dataset 'months'.",
        ),
        (
            "title: Months",
            "intro: 'Best: {months.orders:itn}'",
            "intro:",
            "in the text: there is no format 'itn'. Did you mean 'int'?",
        ),
        (
            "title: Months",
            "intro: 'Best: {month}'",
            "intro:",
            "in the text: {month} stands for no value. "
            "Write `{dataset.column}` or `{dataset.column:format}`.",
        ),
        ("id: bars", "id: figures", "id: figures\n", "two items have the id 'figures'."),
    ],
)
def test_a_slip_is_told_with_its_place_and_the_nearest_name(
    tmp_path: Path, before: str, after: str, at: str, expected: str
) -> None:
    assert PAGE.count(before) == 1
    text = PAGE.replace(before, after)
    lines = told(tmp_path, text)
    assert any(line.startswith(f"sales.yml:{place_of(text, at)}: {expected}") for line in lines), (
        lines
    )


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            "mark: bar",
            "mark: barr",
            ("sections[0].items[1].mark: 'barr' is not known. Did you mean 'bar'?",),
        ),
        (
            "type: chart",
            "type: chrat",
            ("sections[0].items[1].type: 'chrat' is not known. Did you mean 'chart'?",),
        ),
        ("        type: chart\n", "", ("'sections[0].items[1].type' is missing", "Add it")),
        (
            "{field: net_revenue}",
            "{field: net_revenue, format: curency0}",
            ("y[0].format: 'curency0' is not known. Did you mean 'currency0'?",),
        ),
        ("id: bars", "signed: maybe", ("signed", "maybe")),
        ("id: bars", "width: 13", ("width", "12")),
        ("y: [{field: net_revenue}]", "y: [{}]", ("name either a `field` or a `metric`",)),
        ("title: Months", "title: [Months]", ("title",)),
        ("title: Sales\n", "", ("'title' is missing", "Add it")),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(
    tmp_path: Path, before: str, after: str, words: tuple[str, ...]
) -> None:
    (line,) = told(tmp_path, PAGE.replace(before, after))
    assert all(word in line for word in words), line


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("delete from sales_monthly", "write one SELECT; nothing else is allowed here"),
        ("select 1 as month_start; select 2", "write one SELECT, not several statements"),
        ("selec 1", 'syntax error at or near "selec"'),
        ("select * from read_csv('/etc/passwd')", "a page reads marts only, not read_csv(...)"),
        ("select * from '/etc/passwd'", "there is no mart '/etc/passwd'"),
        ("copy (select 1) to '/tmp/x'", "write one SELECT; nothing else is allowed here"),
        ("select * from duckdb_settings()", "a page reads marts only, not duckdb_settings(...)"),
        ("attach 'x.db'", "write one SELECT; nothing else is allowed here"),
    ],
)
def test_a_query_is_one_select_over_marts(tmp_path: Path, sql: str, expected: str) -> None:
    query = "select month_start, net_revenue, gross_revenue, orders from sales_monthly"
    lines = told(tmp_path, PAGE.replace(f"sql: {query}", f'sql: "{sql}"'))
    assert lines[0].startswith("sales.yml:5:5: dataset 'months': ")
    assert expected in lines[0]


def test_a_query_that_fails_while_it_runs_names_its_page_and_writes_nothing(tmp_path: Path) -> None:
    query = "select month_start, cast('x' || orders as integer) as number from sales_monthly"
    items = "      - {type: table, title: T, dataset: rows, columns: [{field: number}]}\n"
    with pytest.raises(PlainError) as caught:
        render(tmp_path, {"sales": page_with(items, dataset=query)})
    message = str(caught.value)
    assert "sales.yml:5:5: page 'sales', dataset 'rows': the query fails: " in message
    assert "Could not convert string 'x4' to INT32" in message
    assert not (tmp_path / "site").exists()


def test_personal_data_needs_a_word_of_the_author(tmp_path: Path) -> None:
    marts = {"customers": "select 'Ann' as customer_name, 'ann@example.org' as email, 3 as orders"}
    items = "      - {type: table, title: T, dataset: rows, columns: [{field: who}]}\n"
    page = page_with(items, dataset="select 1 as who").replace(
        '"select 1 as who"', "select customer_name as who from customers"
    )
    with pytest.raises(ConfigurationError, match=r"reads personal data \(customer_name\)"):
        render(tmp_path, {"people": page}, **marts)
    allowed = page.replace("    order:", "    personal_data: true\n    order:")
    site = render(tmp_path, {"people": allowed}, **marts)
    assert "Ann" in (site / "people.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("title: [Sales\n", "sales.yml:2:1", "not valid YAML"),
        ("title: Sales\ntitle: Again\n", "sales.yml:2:1", 'found duplicate key "title"'),
        ("- a list\n", "sales.yml:1:1", "`key: value` pairs"),
        ("\ttitle: Sales\n", "sales.yml:1:1", "not valid YAML"),
        ("", "sales.yml:1:1", "`key: value` pairs"),
    ],
)
def test_a_file_that_is_no_page_says_so(tmp_path: Path, text: str, place: str, words: str) -> None:
    (line,) = told(tmp_path, text)
    assert line.startswith(place)
    assert words in line


def test_all_slips_of_all_pages_are_told_at_once(tmp_path: Path) -> None:
    pages = {
        "first": PAGE.replace("metrics: [revenue]", "metrics: [a, b]"),
        "second": PAGE.replace("titel", "title").replace("mark: bar", "marc: bar"),
        "third": "title: [",
        "fine": PAGE,
    }
    with pytest.raises(ConfigurationError) as caught:
        load_pages(write_pages(tmp_path, pages))
    lines = str(caught.value).splitlines()
    assert [Path(line.split(":")[0]).name for line in lines] == [
        "first.yml", "first.yml", "second.yml", "third.yml",
    ]  # fmt: skip


def test_an_item_is_not_blamed_for_its_broken_dataset(tmp_path: Path) -> None:
    lines = told(tmp_path, PAGE.replace("from sales_monthly", "from sales_montly"))
    assert len(lines) == 1


@pytest.mark.parametrize("name", ["index", "Sales", "my-page", "1st"])
def test_a_page_needs_a_name_that_can_be_an_address(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"'{name}' cannot be the name of a page"):
        load_pages(write_pages(tmp_path, {name: PAGE}))


def test_a_metric_of_the_site_cannot_be_defined_again(tmp_path: Path) -> None:
    site = "title: R\nmetrics:\n  revenue: {label: R, sql: sum(x)}\n"
    (line,) = told(tmp_path, PAGE, site)
    assert "the metric 'revenue' is defined in site.yml already" in line


def test_a_locale_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"site\.yml:2:1: locale: no such locale"):
        load_pages(write_pages(tmp_path, {"sales": PAGE}, "title: R\nlocale: en_XX_YY\n"))


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no report page here\. Add one"):
        load_pages(write_pages(tmp_path, {}))


def test_the_schemas_know_every_key_an_editor_should_offer() -> None:
    schemas = json_schemas()
    assert set(schemas) == {"report.schema.json", "site.schema.json"}
    page = schemas["report.schema.json"]
    assert set(page["properties"]) == {
        "title", "description", "position", "period", "datasets", "metrics", "sections", "for_each",
        "filters", "locale", "currency", "theme", "compare", "annotations", "show_yaml",
    }  # fmt: skip
    assert page["additionalProperties"] is False
    marks = page["$defs"]["XyChart"]["properties"]["mark"]["enum"]
    assert marks == ["line", "area", "bar"]

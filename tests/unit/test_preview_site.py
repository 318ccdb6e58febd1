"""The preview's pages: made once, made anew when touched, and drawn around what is wrong in them."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from reports.preview.watch import Effect
from tests.unit.preview_folder import Author
from tests.unit.reports_folder import PAGE, SALES_MONTHLY, render

TWO = """\
title: Two
description: Two datasets.
datasets:
  good:
    sql: select month_start, net_revenue from sales_monthly
    order: [month_start]
  bad:
    sql: select month_start, net_revenu from sales_monthly
    order: [month_start]
sections:
  - intro: "The first month brought {bad.net_revenu}."
    items:
      - {id: fine, type: table, title: Fine, dataset: good, columns: [{field: net_revenue}]}
      - {id: broken, type: table, title: Broken, dataset: bad, columns: [{field: month_start}]}
      - {id: said, type: text, text: "It was {bad.net_revenu}."}
"""
KEYS = """\
title: "Month {title}"
description: One month.
for_each: {dataset: months, key: name, title: name, list_title: All months}
datasets:
  months:
    sql: select strftime(month_start, '%Y-%m') as name, net_revenue from sales_monthly
    order: [name]
sections:
  - items:
      - {id: rows, type: table, title: Rows, dataset: months, columns: [{field: net_revenue}]}
"""


def cards(html: str) -> list[str]:
    """The texts of the error cards in a page."""
    found = re.findall(r'<div class="preview-fault".*?</div>', html, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", card)).split()) for card in found]


def test_a_page_is_what_a_build_writes(tmp_path: Path) -> None:
    author = Author(tmp_path, {"sales": PAGE, "month": KEYS})
    built = render(tmp_path / "build", {"sales": PAGE, "month": KEYS})
    names = sorted(
        path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()
    )
    assert "month-2026-01.html" in names
    for name in ["index.html", *names]:
        reply = author.site.reply(name)
        assert reply is not None, name
        assert reply.content == (built / name).read_bytes(), name


def test_a_change_runs_only_the_queries_that_changed(tmp_path: Path) -> None:
    author = Author(tmp_path, {"sales": PAGE, "other": PAGE.replace("Sales", "Other")})
    author.read("sales.html")
    author.read("other.html")
    assert author.site.datasets_run == 2
    assert author.save("sales", PAGE.replace("Revenue by month", "By month")) == {"sales", "index"}
    assert "By month" in author.read("sales.html")
    author.read("other.html")
    assert author.site.datasets_run == 2
    author.save("sales", PAGE.replace("orders from", "orders + 1 as orders from"))
    author.read("sales.html")
    assert author.site.datasets_run == 3


def test_a_page_is_not_made_before_it_is_asked_for(tmp_path: Path) -> None:
    author = Author(tmp_path, {"sales": PAGE, "month": KEYS})
    author.read("sales.html")
    assert author.site.datasets_run == 1


def test_a_new_name_in_the_navigation_touches_all_pages(tmp_path: Path) -> None:
    author = Author(tmp_path, {"sales": PAGE, "other": PAGE.replace("Sales", "Other")})
    author.read("other.html")
    assert author.save("sales", PAGE.replace("title: Sales", "title: Turnover")) is None
    assert ">Turnover</a>" in author.read("other.html")


def test_a_new_page_is_there_and_a_removed_one_is_gone(tmp_path: Path) -> None:
    author = Author(tmp_path, {"sales": PAGE})
    assert author.site.reply("late.html") is None
    assert author.save("late", PAGE.replace("Sales", "Late")) is None
    assert ">Late</a>" in author.read("sales.html")
    (author.pages / "late.yml").unlink()
    author.save("sales", PAGE)
    assert author.site.reply("late.html") is None


def test_a_broken_query_is_a_card_with_its_sql_and_the_others_are_drawn(tmp_path: Path) -> None:
    author = Author(tmp_path, {"two": TWO})
    html = author.read("two.html")
    found = cards(html)
    assert len(found) == 2
    assert found[0].startswith("broken table · Broken ")
    assert f"{author.pages / 'two.yml'}:8:5 dataset 'bad'" in found[0]
    assert "net_revenu" in found[0]
    assert "net_revenue" in found[0]  # the nearest right name
    assert "SQL select month_start, net_revenu from sales_monthly" in found[0]
    assert found[1].startswith("said text ")
    assert 'id="fine"' in html
    assert "€150" in html
    assert "The first month" not in html
    assert 'TILLHOUSE.add("fine"' in author.read("data/two.js")


@pytest.mark.parametrize(
    ("right", "wrong", "card"),
    [
        ("title: Revenue by month", "titel: Revenue by month", "16:9 unknown key 'sections[0].items[1].titel'."
         " Did you mean 'title'?"),
        ("mark: bar", "mark: bra", "Did you mean 'bar'?"),
        ("field: net_revenue}]", "field: net_revenu}]", "Did you mean 'net_revenue'?"),
        ("        dataset: months", "        dataset: month", "Did you mean 'months'?"),
    ],
)  # fmt: skip
def test_a_bad_item_is_a_card_and_the_others_are_drawn(
    tmp_path: Path, right: str, wrong: str, card: str
) -> None:
    assert right in PAGE
    html = Author(tmp_path, {"sales": PAGE.replace(right, wrong)}).read("sales.html")
    (found,) = cards(html)
    assert card in found
    assert found.startswith("bars ")
    assert "€120" in html  # the figures


def test_a_query_that_fails_while_it_runs_is_a_card(tmp_path: Path) -> None:
    wrong = TWO.replace("net_revenu from", "cast('x' || month_start as date) as net_revenu from")
    html = Author(tmp_path, {"two": wrong}).read("two.html")
    assert "Could not convert" in cards(html)[0] or "invalid date" in cards(html)[0]
    assert "€150" in html


def test_all_errors_of_a_page_are_shown_at_once(tmp_path: Path) -> None:
    wrong = PAGE.replace("title: Sales", "titel: Sales").replace("mark: bar", "mark: bra")
    author = Author(tmp_path, {"sales": wrong, "fine": PAGE})
    (found,) = cards(author.read("sales.html"))
    assert "sales.yml:1:1 unknown key 'titel'. Did you mean 'title'?" in found
    assert "'title' is missing" in found
    assert "'bra'" in found
    assert "€120" in author.read("fine.html")
    assert "errors" in author.read("index.html")


def test_a_file_that_is_no_yaml_is_told_and_mended(tmp_path: Path) -> None:
    author = Author(
        tmp_path, {"sales": PAGE.replace("order: [month_start]", "order: [month_start")}
    )
    assert "this is not valid YAML" in cards(author.read("sales.html"))[0]
    author.save("sales", PAGE)
    html = author.read("sales.html")
    assert cards(html) == []
    assert "€120" in html


def test_a_broken_template_does_not_keep_other_pages_from_being_drawn(tmp_path: Path) -> None:
    linking = PAGE.replace(
        "x: {field: month_start}", "x: {field: month_start}\n        link: {page: month}"
    )
    broken = KEYS.replace("key: name", "key: nam")
    author = Author(tmp_path, {"sales": linking, "month": broken})
    assert cards(author.read("sales.html")) == []
    assert "Did you mean 'name'?" in cards(author.read("month.html"))[0]


def test_a_broken_site_file_is_told_on_every_page_until_it_is_mended(tmp_path: Path) -> None:
    author = Author(tmp_path, {"sales": PAGE})
    path = author.pages.parent / "site.yml"
    for text, is_fine in (("titel: Shop\n", False), ("title: Shop\n", True)):
        path.write_text(text)
        assert author.site.apply(Effect(site=True)) is None
        assert (cards(author.read("sales.html")) == []) == is_fine
    assert "Shop" in author.read("sales.html")


def test_what_an_error_quotes_stays_text(tmp_path: Path) -> None:
    wrong = TWO.replace("net_revenu from", '"<script>alert(1)</script>" from').replace(
        "title: Broken", "title: '<img src=x>'"
    )
    html = Author(tmp_path, {"two": wrong}).read("two.html")
    assert "<script>alert" not in html
    assert "<img" not in html
    assert len(cards(html)) == 2


def test_nothing_outside_the_site_is_served(tmp_path: Path) -> None:
    author = Author(tmp_path, {"sales": PAGE}, secrets=SALES_MONTHLY)
    for path in ("../site.yml", "pages/sales.yml", "data/../site.yml", "data/sales.secrets.parquet",
                 "/etc/hostname", "marts/secrets.parquet", "", "html", ".html", "sales-x.html"):  # fmt: skip
        assert author.site.reply(path) is None, path

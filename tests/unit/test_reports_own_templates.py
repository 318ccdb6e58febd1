"""Templates of a shop's own come before ours, file by file, and may extend them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from configuration.errors import PlainError
from reports.templating import OURS, template_environment
from tests.unit.reports_folder import PAGE, render

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "guides" / "reports.md").read_text(encoding="utf-8")
EXAMPLES = {
    match[1]: match[0].removeprefix("```jinja\n").removesuffix("```")
    for match in re.finditer(r"```jinja\n{# reports/templates/(\S+) #}\n.*?```", GUIDE, re.DOTALL)
}


def put(folder: Path, name: str, text: str) -> None:
    path = folder / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def html_of(site: Path) -> str:
    return (site / "sales.html").read_text(encoding="utf-8")


def test_the_templates_of_the_guide_change_what_they_say(tmp_path: Path) -> None:
    assert set(EXAMPLES) == {"components/card.html", "page.html"}
    for name, text in EXAMPLES.items():
        put(tmp_path, name, text)
    shop = "title: <Fish> & chips\n"
    ours = html_of(render(tmp_path / "ours", {"sales": PAGE}, site=shop))
    own = html_of(render(tmp_path, {"sales": PAGE}, site=shop))
    note = '<p class="note">For partners of &lt;Fish&gt; &amp; chips only.</p>'
    assert note in own
    assert note not in ours
    label, value = (f'<p class="kpi-{part}' for part in ("label", "value"))
    assert own.index(value) < own.index(label)
    assert ours.index(label) < ours.index(value)
    # All else is as it was: the chart, and what is behind it.
    assert own.count("data-chart") == ours.count("data-chart") == 1
    assert own.count("<details") == ours.count("<details") == 2


def test_a_component_may_call_the_one_that_it_replaces(tmp_path: Path) -> None:
    put(
        tmp_path,
        "components/chart.html",
        '{% from "ours/components/chart.html" import chart as ours with context %}\n'
        '{% macro chart(view, tag) %}<div class="framed">{{ ours(view, tag) }}</div>{% endmacro %}\n',
    )
    html = html_of(render(tmp_path, {"sales": PAGE}))
    assert re.search(r'<div class="framed">\s*<article class="item card', html)


@pytest.mark.parametrize(
    ("slip", "said"), [("{{ card.valeu }}", "valeu"), ("{% if card %}", "endmacro")]
)
def test_a_slip_in_a_template_is_told_with_its_place(tmp_path: Path, slip: str, said: str) -> None:
    put(tmp_path, "components/card.html", f"{{% macro card(card) %}}\n{slip}{{% endmacro %}}")
    with pytest.raises(PlainError) as caught:
        render(tmp_path, {"sales": PAGE})
    assert said in str(caught.value)
    assert "templates/components/card.html:2" in str(caught.value)
    assert not (tmp_path / "site").exists()


def test_every_template_is_in_the_guide_and_every_component_is_its_file() -> None:
    environment = template_environment(OURS / "nothing")
    named = GUIDE.split("## Templates of your own")[1].split("## One file")[0]
    for path in sorted(OURS.rglob("*.html")):
        if path.name != "explore.html":
            assert f"{path.name}`" in named
        if path.parent.name == "components":
            source = path.read_text(encoding="utf-8")
            assert re.findall(r"{% macro (\w+)\(", source) == [path.stem]
            assert environment.get_template(f"components/{path.name}")


def test_what_a_component_keeps_beside_its_macro_is_of_each_page(tmp_path: Path) -> None:
    put(
        tmp_path,
        "components/head.html",
        "{% set of = page.title %}\n"
        "{% macro head(view, tag) %}<{{ tag }}>{{ of }} and {{ page.title }}</{{ tag }}>{% endmacro %}\n",
    )
    pages = {name: PAGE.replace("title: Sales", f"title: {name}", 1) for name in ("one", "two")}
    assert pages["one"] != PAGE
    site = render(tmp_path, pages)
    for name in pages:
        html = (site / f"{name}.html").read_text(encoding="utf-8")
        assert set(re.findall(r"<h3>(.*?)</h3>", html)) == {f"{name} and {name}"}

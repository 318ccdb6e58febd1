"""docs/guides/sources.md, step by step: what it shows is written, what it says to run is run."""

from __future__ import annotations

import json
import re
import shlex
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT, WITHOUT_UNIT_TESTS, Till, copy_project, keep_one_page

GUIDE = (ROOT / "docs" / "guides" / "sources.md").read_text(encoding="utf-8")
TEN_MINUTES = GUIDE.split("## In ten minutes")[1].split("### What else")[0]
BLOCK = re.compile(r"^```(\w+) file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the files of the guide were written and its lines changed."""
    root = copy_project(tmp_path_factory.mktemp("own") / "project")
    keep_one_page(root)  # the short way draws them all
    for language, name, text in BLOCK.findall(GUIDE):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        changed = edited(path.read_text(encoding="utf-8"), text) if language == "diff" else text
        path.write_text(changed, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def run(project: Path, till: Till) -> str:
    """Steps 5 and 6; gives what the commands printed."""
    printed = []
    for command in (["generate"], ["check"], ["run"]):
        done = till(project, *command, environ=WITHOUT_UNIT_TESTS)  # the short way has them
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        printed.append(done.stdout)
    return "".join(printed)


@pytest.fixture(scope="module")
def short_way(tmp_path_factory: pytest.TempPathFactory, till: Till) -> tuple[Path, list[str]]:
    """The ten minutes of the guide, in a copy of their own; with what each command printed."""
    root = copy_project(tmp_path_factory.mktemp("short") / "project")
    path = root / "data" / "market" / "2024-05.csv"
    path.parent.mkdir(parents=True)
    path.write_text(next(text for _, name, text in BLOCK.findall(GUIDE) if name in str(path)))
    printed = []
    for line in TEN_MINUTES.splitlines():
        if line.startswith("    till "):
            done = till(root, *shlex.split(line)[1:])
            assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
            printed.append(done.stdout)
    return root, printed


def edited(text: str, diff: str) -> str:
    """`text` after the lines with + and - of `diff`; its other lines are found in order, from the top."""
    lines, at = text.splitlines(), 0
    for line in diff.splitlines():
        sign, content = line[0], line[1:]
        if sign == "+":
            lines.insert(at, content)
            at += 1
            continue
        assert content in lines[at:], f"dbt_project.yml no longer has this line there: {content}"
        at = lines.index(content, at)
        if sign == "-":
            del lines[at]
        else:
            at += 1
    return "\n".join(lines) + "\n"


def mart_query(project: Path, model: str) -> str:
    lake = project / "lake"
    current = json.loads((lake / "current.json").read_text())["release_id"]
    release = lake / "releases" / current
    marts = json.loads((release / "release.json").read_text())["marts"]
    files = [str(release / file["path"]) for file in marts[model]["files"]]
    return f"read_parquet({files!r}, hive_partitioning = false)"


def test_what_generate_wrote_is_said_and_check_is_content(run: str) -> None:
    assert "models/staging/market/_market__sources.yml written" in run
    assert "Everything that can be checked without a run is in order." in run


def test_the_short_way_prints_what_the_guide_shows_and_ends_in_the_same_rows(
    short_way: tuple[Path, list[str]],
) -> None:
    root, (added, ran) = short_way
    shown = TEN_MINUTES.split("```text\n")[1].split("```")[0]
    assert [line.rstrip() for line in added.splitlines()] == shown.splitlines()
    assert "The report is at site/index.html" in ran
    assert (root / "site" / "index.html").is_file()
    check_rows(root)


def test_the_rows_of_the_guide_are_in_the_marts(project: Path, run: str) -> None:
    assert "market.sales" in run
    check_rows(project)


def check_rows(project: Path) -> None:
    found = duckdb.sql(
        "select order_id, product_key, cast(ordered_at as varchar), line_status, "
        f"quantity, net_amount from {mart_query(project, 'fct_order_lines')} order by order_line_key"
    ).fetchall()
    assert found == [
        ("1001", "market:BREAD-1", "2024-05-04 07:15:00", "completed", 1, Decimal("4.2")),
        ("1001", "market:CHEESE-1", "2024-05-04 07:15:00", "completed", 2, Decimal(13)),
        ("1002", "market:OIL-1", "2024-05-04 08:40:00", "completed", 1, Decimal(12)),
        ("1003", "market:BREAD-1", "2024-05-11 09:05:00", "completed", 3, Decimal("12.6")),
        ("1004", "market:OIL-1", "2024-05-11 10:30:00", "returned", -1, Decimal(-12)),
    ]
    products = duckdb.sql(
        f"select product_id, product_name from {mart_query(project, 'dim_products')} "
        "where source_name = 'market' order by product_id"
    ).fetchall()
    assert products == [
        ("BREAD-1", "Sourdough"),
        ("CHEESE-1", "Goat cheese"),
        ("OIL-1", "Olive oil"),
    ]


def test_plain_dbt_parses_the_project_without_variables(project: Path, run: str, dbt: Till) -> None:
    assert run
    done = dbt(project, "list", "--resource-type", "model", "--select", "staging", "--quiet")
    assert done.returncode == 0, done.stdout
    assert done.stdout.split() == ["tillhouse.staging.market.stg_market__sales"]


def test_a_file_with_too_many_bad_rows_is_refused_in_the_words_of_the_guide(
    project: Path, run: str, till: Till
) -> None:
    assert run
    june = project / "data" / "market" / "2024-06.csv"
    header = "Ticket,Date,Article,Name,Pieces,Price\n"
    good = "1005,2024-06-01 09:00:00,OIL-1,Olive oil,1,12.00\n"
    bad = "1006,2024-06-01 10:00:00,OIL-1,Olive oil,{},12.00\n"
    june.write_text(header + good + bad.format("three"))
    refused = till(project, "ingest")
    assert refused.returncode == 1
    sentence = next(
        line.strip() for line in GUIDE.splitlines() if "more than max_rejected (" in line
    )
    assert sentence in refused.stdout + refused.stderr

    june.write_text(header + good * 39 + bad.format("three"))
    accepted = till(project, "ingest")
    assert accepted.returncode == 0, accepted.stdout
    assert "39 rows loaded, 1 rejected" in accepted.stdout
    command = next(line for line in GUIDE.splitlines() if line.startswith("    till rejected"))
    shown = till(project, *shlex.split(command)[1:])
    assert shown.returncode == 0, shown.stderr
    assert "pieces: 'three' is not a whole number" in shown.stdout

    june.write_text(header + good + bad.format("3"))
    mended = till(project, "ingest")
    assert "2 rows loaded" in mended.stdout
    assert "No row was rejected" in till(project, "rejected").stdout
    june.rename(june.with_name("june.csv"))
    assert "nothing new" in till(project, "ingest").stdout


def test_check_tells_each_step_that_was_forgotten(project: Path, run: str, till: Till) -> None:
    assert run
    path = project / "dbt_project.yml"
    text = path.read_text()
    forgotten = {
        "      market: [stg_market__sales]\n": "",
        "'shop' in var('active_sources', [])": "'shop' in var('active_sources', ['shop'])",
        "  active_sources: [market]": "  active_sources: [shop]",
    }
    changed = text
    for old, new in forgotten.items():
        assert old in changed
        changed = changed.replace(old, new)
    path.write_text(changed)
    try:
        done = till(project, "check")
    finally:
        path.write_text(text)
    assert done.returncode == 2
    said = done.stdout
    assert "no model of the source 'market' is named here, so no figure counts its rows" in said
    assert said.count("'shop' is not active, and its default says otherwise") == 1
    assert "active_sources is ['shop'], but ingest/sources.yml declares ['market']" in said

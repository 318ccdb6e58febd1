"""What the documents point to is there: pages and their sections, tests, kinds, keys and options."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import pytest
from typer.main import get_command

from ingest.declaration.sources_file import AnySource, load_sources_file
from tests.conftest import ROOT
from tests.unit.test_command_line import COMMANDS
from till.command_line import app

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^()\s]+)\)|!\[[^\]]*\]\(([^()\s]+)\)")
FENCE = re.compile(r"^( *)(```|~~~).*?^\1\2[ ]*$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
# In code: a page of the documents, as a message or a comment names it.
NAMED = re.compile(r"\bdocs/[\w/.-]+\.md\b")


def tracked(*patterns: str) -> list[Path]:
    """The files that git knows, or would: by name and by pattern."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        timeout=120,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


PAGES = tracked("*.md")
CODE = tracked("*.py", "*.sql", "*.yml", "*.toml", "Makefile")


@cache
def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The sections of a page, as addresses name them."""
    found: dict[str, int] = {}
    names = set()
    for heading in HEADING.findall(prose(page)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = found.get(name, 0)
        found[name] = count + 1
        names.add(f"{name}-{count}" if count else name)
    return frozenset(names)


def broken(page: Path) -> list[str]:
    """The links of `page` that lead nowhere in the repository."""
    wrong = []
    for link in (one or other for one, other in LINK.findall(prose(page))):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, section = unquote(link).partition("#")
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (section and section not in anchors(target)):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# One\n## `Two`, *three*\n```\n## Four\n```\n# One\n")
    page = tmp_path / "page.md"
    good = (
        "[a](other.md) [b](other.md#two-three) [c](other.md#one-1) [d](#here) [e](https://x.org/y)"
    )
    bad = "[f](gone.md) [g](other.md#four) [h](#there) ![i](gone.png)"
    page.write_text(f"# Here\n{good} {bad}\n")
    assert broken(page) == ["gone.md", "other.md#four", "#there", "gone.png"]


def test_every_page_that_code_names_is_there() -> None:
    named = {(file, name) for file in CODE for name in NAMED.findall(file.read_text("utf-8"))}
    assert len(named) > 10
    assert [(str(file), name) for file, name in named if not (ROOT / name).is_file()] == []


def test_every_test_that_a_page_names_is_there() -> None:
    named = {name for page in PAGES for name in re.findall(r"\btest_\w+\.py\b", prose(page))}
    assert len(named) > 30
    assert named - {file.name for file in tracked("tests/*.py")} == set()


def test_every_test_of_loading_stands_in_the_guarantees() -> None:
    page = prose(ROOT / "docs" / "guides" / "guarantees.md")
    files = {file.name for file in tracked("tests/pipeline/test_ingest_*.py")}
    # How dbt's sources follow from the sources file is no guarantee of a kind.
    files -= {"test_ingest_csv_dbt_sources.py", "test_ingest_csv_unread_tables.py"}
    assert {name for name in files if name not in page} == set()


KINDS = sorted(get_args(each.model_fields["kind"].annotation)[0] for each in get_args(AnySource))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_section_and_its_guarantees(kind: str) -> None:
    kinds = prose(ROOT / "docs" / "reference" / "kinds-of-sources.md")
    assert re.search(rf"^\| \[`{kind}`\]\(#", kinds, re.MULTILINE)
    guarantees = prose(ROOT / "docs" / "guides" / "guarantees.md")
    for section in ("Each row once", "What is broken", "How each kind is tested"):
        table = guarantees.partition(f"## {section}")[2].partition("\n## ")[0]
        assert re.search(rf"^\|[^|]*`{kind}`", table, re.MULTILINE), section


def test_every_key_of_the_sources_file_is_explained() -> None:
    page = prose(ROOT / "docs" / "reference" / "sources-yml.md")
    page += prose(ROOT / "docs" / "reference" / "kinds-of-sources.md")
    schema = json.loads((ROOT / "ingest" / "sources.schema.json").read_text("utf-8"))
    blocks = [schema, *schema["$defs"].values()]
    keys = {key for block in blocks for key in block.get("properties", {})}
    assert len(keys) > 70
    assert {key for key in keys if not re.search(rf"`{key}\b", page)} == set()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_guide_names_every_option(words: tuple[str, ...]) -> None:
    command = get_command(app)
    for word in words:
        command = getattr(command, "commands")[word]  # noqa: B009 - only groups have it
    options = {
        option
        for each in command.params
        for option in each.opts
        if option.startswith("--") and option != "--help"
    }
    guide = (ROOT / "docs" / "guides" / "operate.md").read_text(encoding="utf-8")
    lines = [line for line in guide.splitlines() if f"`till {' '.join(words)}`" in line]
    assert {option for option in options if option not in "".join(lines)} == set()


# What stands before an example that is a part of a sources file, by how it begins.
STARTS = {
    "version:": "",
    "sources:": "version: 1\n",
    "  - name:": "version: 1\nsources:\n",
    "    tables:": "version: 1\nsources:\n  - name: market\n    kind: csv\n",
}


def examples() -> list[tuple[str, str]]:
    """The examples of the reference pages as whole sources files, with the first words of each."""
    found = []
    for page in tracked("docs/reference/*.md"):
        for text in re.findall(r"^```yaml\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S):
            for start, before in STARTS.items():
                if text.startswith(start):
                    found.append((f"{page.stem}: {text.split(chr(10))[1].strip()}", before + text))
    return found


@pytest.mark.parametrize(
    "text", [text for _, text in examples()], ids=[name for name, _ in examples()]
)
def test_every_example_is_a_sources_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sources.yml"
    path.write_text(text, encoding="utf-8")
    variables = dict.fromkeys(
        re.findall(r"\$\{(\w+)", text), "postgresql://till:x@db.example.com/shop"
    )
    assert load_sources_file(path, variables).sources


def test_the_examples_show_every_kind() -> None:
    shown = {kind for _, text in examples() for kind in re.findall(r"kind: (\w+)", text)}
    assert set(KINDS) - shown == set()

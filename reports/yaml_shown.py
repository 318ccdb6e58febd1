"""The YAML that draws an item, as it stands in the page's file: for pages that show it (`show_yaml`)."""

from __future__ import annotations

from pathlib import Path

from configuration.yaml_file import Location, position_of
from reports.language.page import AnyItem, Details, dataset_of
from reports.pages import Page


def yaml_of(page: Page, item: AnyItem, location: Location) -> str:
    """The lines of the item, and below them those of the datasets that it draws, word for word."""
    lines = Path(page.file).read_text(encoding="utf-8").splitlines()
    inner = item.items if isinstance(item, Details) else [item]
    names = dict.fromkeys(name for name in map(dataset_of, inner) if name)
    parts = [_block(lines, page, location, dash=2)]
    if names:
        found = [_block(lines, page, ("datasets", name)) for name in names]
        parts.append("datasets:\n" + "\n".join(_indented(block) for block in found))
    return "\n\n".join(parts)


def head_yaml(page: Page) -> str:
    """What stands above the datasets: title, filters, metrics and what else the whole page has."""
    lines = Path(page.file).read_text(encoding="utf-8").splitlines()
    line, _ = position_of(page.document, ("datasets",))
    return "\n".join(lines[: line - 1]).strip()


def _block(lines: list[str], page: Page, location: Location, *, dash: int = 0) -> str:
    """From the line of a node up to the next that is not deeper; `dash`: columns of the list's `- `."""
    line, column = position_of(page.document, location)
    margin = column - 1 - dash
    found = [lines[line - 1]]
    for text in lines[line:]:
        if text.strip() and len(text) - len(text.lstrip()) <= margin:
            break
        found.append(text)
    return "\n".join(text[margin:] for text in found).rstrip()


def _indented(block: str) -> str:
    return "\n".join(f"  {line}" if line else line for line in block.split("\n"))

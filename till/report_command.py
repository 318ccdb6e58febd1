"""`till report --single-file`: pages of the current release, each in a file of its own; `--gallery`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from till.project import Project
from till.releases import Release


def draw_gallery(project: Project, release: Release, out: Path) -> Path:
    """Write the gallery over the release's marts into `out`; gives the page to open."""
    from till.run import render

    folder = project.releases / release.release_id
    render(project, release, folder, out, pages=project.pages.parent / "gallery")
    return out / "gallery.html"


def draw_single_files(
    project: Project, release: Release, pages: Sequence[str], out: Path
) -> list[Path]:
    """Write PAGE.single.html for each of these pages into `out`; gives the paths."""
    from reports.single_file import single_file
    from till.run import render

    out.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory(prefix="till-report-") as folder:
        render(project, release, project.releases / release.release_id, Path(folder))
        for page in pages:
            path = out / f"{page}.single.html"
            path.write_text(single_file(Path(folder), page), encoding="utf-8", newline="\n")
            written.append(path)
    return written

"""Which files an author saved, and what has to be made again for them.

The few files are asked for their time of modification: that works on every system and every disk, and costs
less than a thousandth of the time between two looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

Snapshot = Mapping[Path, tuple[int, int, int]]


@dataclass(frozen=True)
class Watched:
    """The files that the pages are made of; `look` are files, and folders, of templates, styles and scripts."""

    pages: Path
    look: tuple[Path, ...]
    release: Path

    @property
    def site(self) -> Path:
        """What all pages share."""
        return self.pages.parent / "site.yml"

    @property
    def app(self) -> Path:
        """The list of reports of the first format; few have one."""
        return self.pages.parent / "app.yml"

    def snapshot(self) -> Snapshot:
        """Every file that is there, with what changes when it is saved."""
        found: dict[Path, tuple[int, int, int]] = {}
        for path in self._files():
            if path.name.startswith("."):  # what an editor keeps for itself
                continue
            try:
                told = path.stat()
            except OSError:  # gone between the list and the question; the next look tells
                continue
            found[path] = (told.st_mtime_ns, told.st_size, told.st_ino)
        return found

    def _files(self) -> Iterable[Path]:
        yield from (self.site, self.app, self.release)
        yield from self.pages.glob("*.yml")
        for place in self.look:
            yield from place.rglob("*.*") if place.is_dir() else (place,)


@dataclass(frozen=True)
class Effect:
    """What saved files touch: these pages, or something that all pages have in common."""

    pages: frozenset[str] = frozenset()
    site: bool = False
    look: bool = False
    release: bool = False


def effect_of(changed: Iterable[Path], watched: Watched) -> Effect:
    """What has to be made again after these files have changed, come or gone."""
    pages, site, look, release = set(), False, False, False
    for path in changed:
        if path == watched.release:
            release = True
        elif path in (watched.site, watched.app):
            site = True
        elif path.parent == watched.pages and path.suffix == ".yml":
            pages.add(path.stem)
        else:
            look = True
    return Effect(frozenset(pages), site, look, release)


class Watcher:
    """Tells which files have changed once they rest: an editor that writes in steps is waited for."""

    def __init__(self, first: Snapshot) -> None:
        self._told = first
        self._last = first

    def look(self, now: Snapshot) -> frozenset[Path]:
        """The files that differ from what was told last; none while they differ from the last look."""
        rests, self._last = now == self._last, now
        if not rests or now == self._told:
            return frozenset()
        changed = {path for path in {*now, *self._told} if now.get(path) != self._told.get(path)}
        self._told = now
        return frozenset(changed)

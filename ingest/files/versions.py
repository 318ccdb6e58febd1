"""Which versions of files were loaded, so that what did not change is neither fetched nor unpacked again.

A version only spares the reading: files are known by their content.
"""

from __future__ import annotations

from collections.abc import Iterable

from ingest.lake.manifest import LiveInput
from ingest.plans import PlannedFile

# Of a member of a .zip: how many files its archive gave, and the archive's version.
_OF_ARCHIVE = " files of "


def member_version(members: int, archive: str) -> str:
    """The version of each of the `members` that an archive of the version `archive` gave."""
    return f"{members}{_OF_ARCHIVE}{archive}"


class LoadedVersions:
    """The inputs of a table that count, by path; those of archives by the path of the archive too."""

    def __init__(self, live: Iterable[LiveInput], *, reload: bool) -> None:
        self._reload = reload
        self._files: dict[str, LiveInput] = {}
        self._archives: dict[str, list[LiveInput]] = {}
        for each in live:
            path = each.input.path
            if path in self._files:
                continue  # a replay of its rejected rows: the same file once more
            self._files[path] = each
            if _OF_ARCHIVE in (each.input.version or ""):
                end = path.find("/", path.find("://") + 3 if "://" in path else 0)
                while end >= 0:
                    self._archives.setdefault(path[:end], []).append(each)
                    end = path.find("/", end + 1)

    def known(self, path: str, version: str) -> list[PlannedFile]:
        """The file, or each file of the archive, that was loaded in this version; none in a reload."""
        if self._reload:
            return []
        return [
            PlannedFile(each.input.path, "known", each.input.bytes, f"in load {each.load_id}")
            for each in self._loaded_as(path, version)
        ]

    def to_ask(self, path: str) -> str | None:
        """The version in which this file, or all of this archive, was loaded; None in a reload."""
        if self._reload:
            return None
        if path in self._files:
            return self._files[path].input.version
        versions = {_of_archive(each) for each in self._archives.get(path, ())}
        version = versions.pop() if len(versions) == 1 else ""
        return version if self._loaded_as(path, version) else None

    def unfetched(self, path: str, size: int | None, *, has_version: bool) -> PlannedFile:
        """What a dry run says of a file that it does not fetch."""
        there = [self._files[path]] if path in self._files else self._archives.get(path, [])
        load = " and ".join(sorted({each.load_id for each in there}))
        if not there:
            return PlannedFile(path, "new", size, "not in the lake yet; it would be fetched")
        if self._reload:
            return PlannedFile(path, "again", size, f"replaces the version of load {load}")
        why = (
            f"another version than that of load {load}"
            if has_version
            else f"no version is told that could be held against load {load}"
        )
        why += "; it would be fetched and compared by content"
        return PlannedFile(path, "changed", size, why)

    def _loaded_as(self, path: str, version: str) -> list[LiveInput]:
        if path in self._files:
            found = self._files[path]
            return [found] if found.input.version == version else []
        if not version:
            return []
        members = [each for each in self._archives.get(path, ()) if _of_archive(each) == version]
        # All that the archive gave: of one that was refused, nothing is there.
        whole = member_version(len(members), version)
        return members if members and members[0].input.version == whole else []


def _of_archive(each: LiveInput) -> str:
    return (each.input.version or "").partition(_OF_ARCHIVE)[2]

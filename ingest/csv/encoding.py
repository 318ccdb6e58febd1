"""In which encoding a file's letters are, told from its bytes; where two are plausible, the file is refused.

Windows-1252 is the only one-byte encoding that is found out. Others show in what they would look like as
Windows-1252: letters that are none of its, signs within words (DOS, Mac, Polish), long runs of accented letters
(Cyrillic, Greek).
"""

from __future__ import annotations

import codecs
import re

from configuration.errors import PlainError
from ingest.csv.dialect import UTF8

WINDOWS = "cp1252"
_NAMES = "windows-1252, iso-8859-15, cp850, mac-roman ..."
# The same bytes are the euro sign and some letters here, and other signs there.
_DIFFERENT_IN_LATIN9 = re.compile(rb"[\xa4\xa6\xa8\xb4\xb8\xbc-\xbe]")
_ONLY_IN_WINDOWS = re.compile(rb"[\x80-\x9f]")
_NOT_WINDOWS = re.compile(
    rb"[\x81\x8d\x8f\x90\x9d]"  # no letters at all
    rb"|[A-Za-z][\x80-\x8b\x8e-\x91\x93-\x99\x9b\x9f\xa1-\xa9\xab\xac\xae-\xb3\xb5\xb6\xb8\xb9\xbb-\xbf][a-z\xc0-\xff]"
    rb"|[A-Za-z][\x82\x84\x88\x98\xa1\xa2\xa4\xbf]"  # signs that never follow a letter: caf\x82 is café in DOS
    rb"|[\x86-\x89\x98\x99][a-z]"  # signs that never begin a word: \x99l is Öl in DOS
    rb"|[\x8a\x8e\x9a\x9e]"  # the same letters in Windows-1250, where others differ; in DOS they are others
    rb"|[a-z][\x8a\x8c\x8e\x9f]"  # capitals after small letters
    rb"|[\xc0-\xff]{4}"
    rb"|[\xc2\xc3][\x80-\xbf]|\xe2\x80|\xf0\x9f"  # UTF-8 that stands beside what is not UTF-8
)


def encoding_of(head: bytes, where: str, *, is_whole: bool) -> str:
    """Python's name of the encoding; raises PlainError when it cannot be told from these first bytes."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise _no_text(where)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head[:1000]:
        return _wide(head[:1000], where)
    try:
        codecs.getincrementaldecoder(UTF8)().decode(head, final=is_whole)
    except UnicodeDecodeError as error:
        line = head.count(b"\n", 0, error.start) + 1
        try:
            check_windows(head, where)
        except PlainError as found:
            what = f"line {line} is not UTF-8 text, and {found.what}"
            raise PlainError(what, where=where, remedy=found.remedy) from None
        return WINDOWS
    return UTF8


def check_windows(piece: bytes, where: str, *, is_proven: bool = False) -> bool:
    """Raise PlainError when a piece of a file is hardly Windows-1252, or as well another encoding.

    Returns whether it is proven by now: `is_proven` says so of the pieces before.
    """
    if _NOT_WINDOWS.search(piece):
        raise PlainError(
            "its encoding cannot be told for sure",
            where=where,
            remedy=f"Write dialect: {{encoding: ...}} at its table ({_NAMES}), or save it as UTF-8.",
        )
    is_proven = is_proven or bool(_ONLY_IN_WINDOWS.search(piece))
    if not is_proven and _DIFFERENT_IN_LATIN9.search(piece):
        raise PlainError(
            "the text may be Windows-1252 or ISO-8859-15, which differ in signs that it has",
            where=where,
            remedy="Write dialect: {encoding: windows-1252} or {encoding: iso-8859-15} at its table.",
        )
    return is_proven


def _wide(head: bytes, where: str) -> str:
    """UTF-16 without its mark: in most texts one byte of each two is zero."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    pairs = len(head) // 2
    if odd > 0.4 * pairs and even == 0:
        return "utf-16-le"
    if even > 0.4 * pairs and odd == 0:
        return "utf-16-be"
    raise _no_text(where)


def _no_text(where: str) -> PlainError:
    return PlainError(
        "the file is no text, or in an encoding with zero bytes that is not UTF-16",
        where=where,
        remedy="Save it again as CSV UTF-8.",
    )

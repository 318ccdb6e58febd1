"""The words of the pages: every language says everything, with the same values in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reports.words import ENGLISH, LANGUAGES, words_for

REPORTS = Path(__file__).resolve().parents[2] / "reports"
USED_IN_SCRIPT = re.compile(r"""\bsay\("([a-z_]+)\"""")
USED_IN_TEMPLATES = re.compile(r"\bwords\.([a-z_]+)")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_has_every_word_with_the_same_values(language: str) -> None:
    words = LANGUAGES[language]
    assert list(words) == sorted(ENGLISH)
    for key, text in ENGLISH.items():
        assert words[key].strip()
        assert placeholders(words[key]) == placeholders(text), key


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)\}", text))


def test_a_language_is_found_by_the_locale_and_english_stands_in() -> None:
    assert words_for("de_AT")["total"] == "Summe"
    assert words_for("fr-CA")["next"] == "Suivant"
    assert words_for("nb_NO") is ENGLISH


def test_scripts_and_templates_ask_for_words_that_there_are() -> None:
    asked = set()
    for path in (REPORTS / "assets" / "script").glob("*.js"):
        asked |= set(USED_IN_SCRIPT.findall(path.read_text(encoding="utf-8")))
    for path in (REPORTS / "assets" / "templates").rglob("*.html"):
        asked |= set(USED_IN_TEMPLATES.findall(path.read_text(encoding="utf-8")))
    assert asked
    assert asked - set(ENGLISH) == set()

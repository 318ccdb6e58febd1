"""The tests are the same whoever runs them: a developer's own lake and profile are not theirs."""

from __future__ import annotations

import os

import pytest

from tests.conftest import pytest_configure


def test_what_a_developer_has_set_reaches_no_test(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TILL_LAKE", "TILL_THREADS", "DBT_TARGET_PATH", "DBT_PROFILES_DIR"):
        monkeypatch.setenv(name, "/mine")
    monkeypatch.setenv("TILL_TEST_DATA", "/data")
    pytest_configure()
    left = {name for name in os.environ if name.startswith(("TILL_", "DBT_"))}
    assert "TILL_TEST_DATA" in left
    assert {name for name in left if not name.startswith(("TILL_CAMPAIGN_", "TILL_CHROMIUM"))} == {
        "TILL_TEST_DATA"
    }

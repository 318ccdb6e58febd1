"""While a site is made garbage is collected seldom; afterwards as before."""

from __future__ import annotations

import gc

import pytest

from reports.collection import seldom_collected


def test_collections_are_rare_within_and_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with seldom_collected():
        assert gc.get_threshold()[0] > before[0]
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_collections_are_as_before_after_an_error() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="a query"), seldom_collected():
        raise ValueError("a query")
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0

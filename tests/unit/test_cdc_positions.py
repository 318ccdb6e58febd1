"""Which transactions of a server's log a table of the lake has, and how pgoutput's messages are read."""

from __future__ import annotations

import struct

import pytest

from ingest.postgres_cdc.connection import without_secrets
from ingest.postgres_cdc.messages import LEFT_OUT, read_tuple
from ingest.postgres_cdc.positions import Reached, Snapshot, lsn_number, lsn_text


def test_a_place_in_the_log_is_written_so_that_it_sorts() -> None:
    assert lsn_number("16/B374D848") == 0x16B374D848
    assert lsn_text(0x16B374D848) == "00000016/B374D848"


@pytest.mark.parametrize(
    ("commit", "xid", "is_lacking"),
    [
        (99, 10, False),  # before what was reached
        (100, 10, False),  # the copy saw it
        (100, 12, True),  # it was running while the copy was taken
        (100, 13, False),
        (100, 15, True),  # it began later
        (200, 10, True),  # a number that is used again, long after the copy
    ],
)
def test_what_the_copy_saw_is_not_lacking(commit: int, xid: int, is_lacking: bool) -> None:
    reached = Reached(100, Snapshot(11, 15, (12,)), until=200)
    assert reached.lacks(commit, xid) is is_lacking
    assert Reached.parse(str(reached)) == reached


def test_numbers_of_transactions_begin_again_after_four_billion() -> None:
    epoch = 1 << 32
    snapshot = Snapshot.parse(f"{epoch + 3}:{epoch + 5}:{epoch + 4}")
    assert snapshot.sees(epoch - 1)  # the last one before they began again
    assert snapshot.sees(3)
    assert not snapshot.sees(4)
    assert not snapshot.sees(5)


def test_the_copy_is_forgotten_only_once_all_that_it_saw_is_behind() -> None:
    reached = Reached(100, Snapshot(11, 15, (12,)), until=200)
    assert reached.after(150).lacks(160, 10) is False
    assert reached.after(200) == Reached(200)


def test_a_tuple_has_null_nothing_and_text() -> None:
    text = "ñ".encode()
    message = b"I" + struct.pack(">H", 3) + b"nut" + struct.pack(">I", len(text)) + text
    assert read_tuple(message, 1, 3) == ([None, LEFT_OUT, text], len(message))
    with pytest.raises(ValueError, match="another number of columns"):
        read_tuple(message, 1, 2)
    with pytest.raises(ValueError, match="a kind that is not known"):
        read_tuple(b"I" + struct.pack(">H", 1) + b"b", 1, 1)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:pass%zz@host/shop",  # pragma: allowlist secret
        "postgresql://me@host/shop?password=pass%zz&sslmode=require",
        "host=h user=me password='pass%zz'",  # pragma: allowlist secret
    ],
)
def test_no_part_of_an_address_that_is_secret_is_told(address: str) -> None:
    said = without_secrets(f'invalid token: "pass%zz" in {address}', address)
    assert "pass%zz" not in said
    assert said.startswith("invalid token")

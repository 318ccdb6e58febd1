"""Starting and stopping the demo's API."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from configuration.errors import PlainError
from tests.pipeline.demo_client import PATIENT, get
from till.demo.server import run_forever, serve


def test_the_port_is_free_again_after_serving(small_demo: Path) -> None:
    with serve(small_demo, port=0, behaviour=PATIENT) as url:
        port = int(url.rpartition(":")[2])
    with serve(small_demo, port=port, behaviour=PATIENT) as url:
        assert get(url, "/health").status == 200


def test_a_taken_port_is_said_plainly(small_demo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(PlainError, match=f"port {port}") as raised,
            serve(small_demo, port=port),
        ):
            pass
    assert "TILL_DEMO_API_PORT" in raised.value.remedy


@pytest.mark.parametrize(
    "start", [lambda folder: serve(folder, port=0).__enter__(), run_forever], ids=["serve", "run"]
)
def test_serving_without_data_says_what_to_do(
    tmp_path: Path, start: Callable[[Path], object]
) -> None:
    with pytest.raises(PlainError, match="till demo"):
        start(tmp_path)


def test_run_forever_says_where_it_listens(small_demo: Path) -> None:
    ready = threading.Event()
    found: list[str] = []

    def on_ready(url: str) -> None:
        found.append(url)
        ready.set()

    thread = threading.Thread(
        target=run_forever, args=(small_demo, 0), kwargs={"on_ready": on_ready}, daemon=True
    )
    thread.start()
    assert ready.wait(30)
    assert get(found[0], "/health").status == 200

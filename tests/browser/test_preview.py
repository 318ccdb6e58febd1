"""The preview in a real browser: what is saved is shown, and errors stand where they belong."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from configuration.errors import PlainError
from reports.preview.server import PreviewServer, watching
from tests.browser.conftest import DRAWN
from tests.unit.preview_folder import Author
from tests.unit.reports_folder import PAGE

TALL = PAGE + "".join(
    f"""\
      - {{id: more_{number}, type: chart, mark: bar, title: Chart {number}, dataset: months,
         x: {{field: month_start}}, y: [{{field: orders}}]}}
"""
    for number in range(6)
)


class Desk:
    """An author at work: a folder of pages, its preview, and a browser on a page of it."""

    def __init__(self, author: Author, server: PreviewServer, browser: Browser) -> None:
        self.author, self.server = author, server
        self._context = browser.new_context(viewport={"width": 1280, "height": 800})
        self._context.set_default_timeout(20_000)
        self.complaints: list[str] = []

    def open(self, name: str) -> Page:
        """A page of the preview, drawn."""
        page = self._context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.server.address}{name}.html")
        page.wait_for_selector(DRAWN, state="attached")
        return page

    def save(self, name: str, text: str) -> None:
        """Save a page as an editor does; nobody tells the server."""
        (self.author.pages / f"{name}.yml").write_text(text, encoding="utf-8")

    def close(self) -> None:
        """Leave."""
        self._context.close()


@pytest.fixture
def desk(tmp_path: Path, browser: Browser) -> Iterator[Desk]:
    """A desk with two pages; there must have been no message of the browser's at the end."""
    author = Author(tmp_path, {"sales": TALL, "other": PAGE.replace("Sales", "Other")})
    with PreviewServer(author.site, 0) as server, watching(server):
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        desk = Desk(author, server, browser)
        yield desk
        desk.close()
        server.shutdown()
        thread.join()
    author.site.close()
    assert desk.complaints == []


def test_a_saved_page_is_shown_where_its_reader_was(desk: Desk) -> None:
    page, other = desk.open("sales"), desk.open("other")
    other.evaluate("window.isOld = true")
    page.bring_to_front()
    page.evaluate("scrollTo(0, 700)")
    page.wait_for_function("() => scrollY === 700")
    desk.save("sales", TALL.replace("Revenue by month", "What each month brought"))
    expect(page.get_by_role("heading", name="What each month brought")).to_be_attached()
    page.wait_for_selector(DRAWN, state="attached")
    page.wait_for_function("() => scrollY === 700")
    assert other.evaluate("window.isOld") is True  # nothing of it was touched


def test_a_change_for_all_pages_is_shown(desk: Desk) -> None:
    page = desk.open("sales")
    (desk.author.pages.parent / "site.yml").write_text("title: Corner shop\n", encoding="utf-8")
    expect(page.locator(".brand")).to_have_text("Corner shop")


def test_a_failing_query_is_a_card_beside_the_others(desk: Desk) -> None:
    page = desk.open("sales")
    wrong = TALL.replace(
        "datasets:\n", "datasets:\n  bad: {sql: select x from sales_monthly, order: [x]}\n", 1
    )
    wrong = wrong.replace(
        "mark: bar, title: Chart 0, dataset: months", "mark: bar, title: Chart 0, dataset: bad"
    )
    desk.save("sales", wrong)
    card = page.get_by_role("alert")
    expect(card).to_contain_text("more_0")
    expect(card).to_contain_text("sales.yml:4:9")
    expect(card).to_contain_text("select x from sales_monthly")
    page.wait_for_selector(DRAWN, state="attached")
    expect(page.locator("#bars .main-svg").first).to_be_visible()
    desk.save("sales", TALL)
    expect(page.locator("#more_0 .main-svg").first).to_be_attached()
    expect(card).to_have_count(0)


def test_a_broken_file_is_told_and_comes_back_when_it_is_mended(desk: Desk) -> None:
    page = desk.open("sales")
    desk.save("sales", "title: [Sales\n")
    expect(page.get_by_role("alert")).to_contain_text("this is not valid YAML")
    desk.save("sales", TALL.replace("title: Sales", "titel: Sales").replace("order:", "ordr:"))
    expect(page.get_by_role("alert")).to_contain_text("Did you mean 'title'?")
    expect(page.get_by_role("alert")).to_contain_text("Did you mean 'order'?")
    desk.save("sales", TALL)
    expect(page.get_by_role("heading", name="Revenue by month")).to_be_attached()


def _asked(server: PreviewServer, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.putrequest("GET", path, skip_host=True)
    for name, value in {"Host": f"127.0.0.1:{server.server_port}", **headers}.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    reply = connection.getresponse()
    told = reply.status, reply.read().decode()
    connection.close()
    return told


def test_only_its_own_pages_and_its_own_name_are_answered(desk: Desk) -> None:
    server = desk.server
    port = server.server_port
    assert _asked(server, "/sales.html")[0] == 200
    assert _asked(server, "/sales.html", Host=f"localhost:{port}")[0] == 200
    for host in (f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port}.evil.example", ""):
        assert _asked(server, "/sales.html", Host=host)[0] == 403
    script = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}
    assert _asked(server, "/data/sales.js", **script)[0] == 403
    assert _asked(server, "/~preview/events?page=sales", **script)[0] == 403
    for path in ("/../site.yml", "/%2e%2e/site.yml", "/pages/sales.yml", "/~preview/server.py",
                 "/~preview/../server.py", "//etc/hostname"):  # fmt: skip
        assert _asked(server, path)[0] == 404, path


def test_a_page_of_a_server_that_is_gone_is_told_to_load_again(desk: Desk) -> None:
    status, told = _asked(desk.server, "/~preview/events?page=sales&since=0&run=another")
    assert (status, "event: reload" in told) == (200, True)


def test_only_a_preview_may_ask_its_server(desk: Desk) -> None:
    served = _asked(desk.server, "/sales.html")[1]
    assert "connect-src 'self'" in served
    assert served.count("connect-src") == 1
    assert "reload.js" in served
    made = desk.author.read("sales.html")
    assert "connect-src 'none'" in made
    assert "reload.js" not in made


def test_a_port_in_use_is_told_with_what_to_do(desk: Desk) -> None:
    with pytest.raises(PlainError, match=r"port \d+ is in use.*--port"):
        PreviewServer(desk.author.site, desk.server.server_port)

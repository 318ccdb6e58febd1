"""`till dashboard`: the pages live on the current release, in a browser, by a server on this machine."""

from __future__ import annotations

import errno
import importlib.util
import ipaddress
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configuration.errors import ConfigurationError, PlainError
from till.project import Project

if TYPE_CHECKING:
    from reports.dashboard.desk import Desk
    from reports.preview.preview_site import PreviewRelease

HOST, DEFAULT_PORT = "127.0.0.1", 8501
SCRIPT = Path(__file__).with_name("dashboard_app.py")


def serve_dashboard(project: Project, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve the dashboard until Ctrl-C.

    Raises PlainError without Streamlit or a release, and with a port that is taken.
    """
    if importlib.util.find_spec("streamlit") is None:
        raise PlainError(
            "the dashboard needs Streamlit, which is not installed",
            remedy="Install it: `pip install 'tillhouse[dashboard]'`.",
        )
    release_of(project)
    port = free_port(host, port)
    from streamlit.web import bootstrap

    from reports.dashboard.look import theme_options
    from reports.pages import load_site
    from reports.settings import settings_of

    try:
        theme = theme_options(settings_of(load_site(project.pages), None, ""))
    except PlainError:  # the pages tell it
        theme = {}
    options = {**server_options(host, port), **theme}
    flags = {name.replace(".", "_"): value for name, value in options.items()}
    shown = f"[{host}]" if ":" in host else host
    say(f"http://{shown}:{port}/")
    say("It shows the current release. Ctrl-C ends it.")
    bootstrap.load_config_options(flags)
    bootstrap.run(str(SCRIPT), False, [], flags)


def release_of(project: Project) -> PreviewRelease:
    """The current release; raises PlainError where there is none."""
    from reports.preview.preview_site import PreviewRelease
    from till.releases import current_release
    from till.run import facts_of

    release = current_release(project)
    if release is None:
        raise PlainError("there is no release to show", remedy="Make one first: `till run`.")
    folder = project.releases / release.release_id
    facts = replace(facts_of(release), docs_href=None)  # the docs are in the static site
    return PreviewRelease(release.mart_files(folder), facts, folder / "docs" / "index.html")


def desk_of(project: Project) -> Desk:
    """The desk of a project, which follows its current release."""
    from reports.dashboard.desk import Desk

    pages = project.pages
    if Path.cwd() == project.root:  # so that errors name files as an author does
        pages = pages.relative_to(project.root)
    return Desk(pages, project.current, lambda: release_of(project))


def server_options(host: str, port: int) -> dict[str, Any]:
    """How Streamlit serves: nobody is told anything, and nothing is fetched from anywhere."""
    found: dict[str, Any] = {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.showEmailPrompt": False,
        "server.fileWatcherType": "none",
        "server.enableStaticServing": False,
        "server.enableAgentApi": False,
        "browser.gatherUsageStats": False,
        "browser.serverAddress": host,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "logger.hideWelcomeMessage": True,
        "logger.level": "error",
    }
    if is_loopback(host):  # a page of another site must not reach it by a name of its own
        found["server.allowedHosts"] = [host, "localhost"]
    return found


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server there."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def free_port(host: str, port: int) -> int:
    """The port, or one that is free for 0; raises PlainError where it cannot be used."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, OverflowError):
        raise ConfigurationError(
            f"'{host}' is no address of this machine",
            remedy=f"Name one, such as `--host {HOST}`, or leave it out.",
        ) from None
    try:
        with socket.socket(found[0], socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(found[4])
            return int(tried.getsockname()[1])
    except (OSError, OverflowError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        what = "is in use by another program" if taken else f"cannot be used ({error})"
        raise PlainError(
            f"port {port} {what}",
            remedy=f"Name another, such as `--port {DEFAULT_PORT + 1}`, or `--port 0` for any that is free.",
        ) from None

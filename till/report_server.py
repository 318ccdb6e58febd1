"""`till report --serve`: the pages of the current release, live while their author writes them."""

from __future__ import annotations

from collections.abc import Callable

from configuration.errors import PlainError, StopAsked
from till.project import Project

DEFAULT_PORT = 8400


def serve_report(project: Project, port: int, pages: list[str], say: Callable[[str], None]) -> None:
    """Serve the pages until Ctrl-C; raises PlainError without a release or with a port that is taken."""
    from reports.preview.preview_site import PreviewRelease, PreviewSite
    from reports.preview.server import PreviewServer, watching
    from till.releases import current_release
    from till.run import facts_of

    def release_now() -> PreviewRelease:
        release = current_release(project)
        if release is None:
            raise PlainError(
                "there is no release to draw from", remedy="Make one first: `till run`."
            )
        folder = project.releases / release.release_id
        docs = folder / "docs" / "index.html"
        return PreviewRelease(release.mart_files(folder), facts_of(release), docs)

    # Relative, so that errors name files as an author does.
    site = PreviewSite(project.pages.relative_to(project.root), project.current, release_now)
    try:
        with PreviewServer(site, port) as server, watching(server):
            for page in pages or [""]:
                say(server.address + (f"{page}.html" if page else ""))
            say("Pages load again when their files are saved. Ctrl-C ends this.")
            server.serve_forever()
    except (KeyboardInterrupt, StopAsked):
        return
    finally:
        site.close()

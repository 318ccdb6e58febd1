"""One page with all that it needs in one HTML file, to be sent by mail.

Style, scripts and data of a written site are put into the page. Its Content-Security-Policy then
names the scripts by their hashes; styles stay as they are. What leads to other files is left out
(`data-elsewhere` in a template) or becomes text.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from pathlib import Path

_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
# Words that end a script, or make the browser look for another end of it, wherever they stand.
_ENDS_SCRIPT = re.compile(r"<(?=!--|/?script)", re.IGNORECASE)
_SCRIPTS = re.compile(r"script-src [^;]*")
_STYLES = re.compile(r"style-src [^;]*")
_IMAGES = re.compile(r"img-src [^;]*")


def single_file(site: Path, page: str) -> str:
    """The page `page` of the site in this folder as one HTML file.

    Scripts that wait for the page (`defer`) come to its end. Raises ValueError for a style sheet that
    would end its own element; the site's own never does.
    """
    rewriter = _Rewriter(site, f"{page}.html")
    rewriter.feed((site / f"{page}.html").read_text(encoding="utf-8"))
    rewriter.close()
    return rewriter.result()


@dataclass
class _Open:
    """An element of which the end has not been seen: its name, and what its end is written as."""

    tag: str
    end: str


@dataclass
class _Rewriter(HTMLParser):
    site: Path
    name: str
    parts: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    opened: list[_Open] = field(default_factory=list)
    policy_at: int | None = None
    policy: str = ""
    left_out: int = 0  # elements that are open inside one that is left out, and that one

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)

    def result(self) -> str:
        if self.policy_at is not None:
            hashes = " ".join(f"'{one}'" for one in self.hashes) or "'none'"
            policy = _SCRIPTS.sub(f"script-src {hashes}", self.policy)
            policy = _STYLES.sub("style-src 'unsafe-inline'", policy)
            policy = _IMAGES.sub("img-src data: blob:", policy)
            self.parts[self.policy_at] = (
                f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
            )
        return "".join(self.parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self.left_out or "data-elsewhere" in given:
            self.left_out += tag not in _VOID
            return
        end = f"</{tag}>"
        text = self.get_starttag_text() or ""
        if tag == "script" and "src" in given:
            script = self._script(given["src"])
            if "defer" in given:
                self.waiting.append(script)
            else:
                self.parts.append(script)
            text, end = "", ""
        elif tag == "link" and given.get("rel") == "stylesheet":
            text = self._style(given["href"])
        elif tag == "meta" and given.get("http-equiv") == "Content-Security-Policy":
            self.policy, self.policy_at = given["content"], len(self.parts)
        elif tag == "html":
            text = text[:-1] + " data-single>"
        elif tag == "a" and "href" in given:
            text, end = self._link(text, given)
        self.parts.append(text)
        if tag not in _VOID:
            self.opened.append(_Open(tag, end))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.left_out:
            self.parts.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self.left_out:
            self.left_out -= 1
            return
        if tag == "body":
            self.parts.extend(self.waiting)
        # An end may be left out (of `li`, `p`): what was opened inside ends with what is around it.
        while self.opened and self.opened[-1].tag != tag:
            self.opened.pop()
        self.parts.append(self.opened.pop().end if self.opened else f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._keep(f"<!{decl}>")

    def _keep(self, text: str) -> None:
        if not self.left_out:
            self.parts.append(text)

    def _script(self, src: str) -> str:
        code = _ENDS_SCRIPT.sub(r"\\x3c", (self.site / src).read_text(encoding="utf-8"))
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        self.hashes.append(f"sha256-{digest}")
        return f"<script>{code}</script>\n"

    def _style(self, href: str) -> str:
        style = (self.site / href).read_text(encoding="utf-8")
        if "</style" in style.lower():
            raise ValueError(f"{href} holds the end of a style element")
        return f"<style>{style}</style>"

    def _link(self, text: str, given: dict[str, str]) -> tuple[str, str]:
        """A link inside the page stays one, a file of the site goes into it, any other becomes text."""
        target, _, place = given["href"].partition("#")
        target = target.partition("?")[0]
        if target in ("", self.name):
            return _link_to(f"#{place}", given), "</a>"
        if ":" in target:  # an address of its own: mailto, https
            return text, "</a>"
        path = self.site / target
        if "download" in given and path.is_file():
            content = base64.b64encode(path.read_bytes()).decode()
            named = {**given, "download": given["download"] or path.name}
            return _link_to(f"data:application/octet-stream;base64,{content}", named), "</a>"
        classes = f' class="{escape(given["class"])}"' if "class" in given else ""
        return f"<span{classes}>", "</span>"


def _link_to(href: str, given: dict[str, str]) -> str:
    attributes = {**given, "href": href}
    written = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    return f"<a {written}>"

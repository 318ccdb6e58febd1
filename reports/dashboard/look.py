"""How the dashboard looks: the theme's tokens for Streamlit, for Plotly and for what our templates write.

The colours stand once, in assets/style/tokens.css and in the owner's theme.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal

from markupsafe import Markup

from reports.built_assets import ASSETS
from reports.preview.preview_site import HERE
from reports.settings import Settings

Scheme = Literal["light", "dark"]
# What our components need of the style of static pages; the frame around them is Streamlit's.
_PARTS = ("items", "tables", "behind", "tools", "narrow")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_TOKEN = re.compile(r"--([\w-]+)\s*:\s*([^;]+)")
_USE = re.compile(r"var\(--([\w-]+)\)")
_MIX = re.compile(r"color-mix\(in srgb, (#[0-9a-fA-F]{6}) (\d+)%, (#[0-9a-fA-F]{6})\)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_LINK = re.compile(r'href="([a-z][\w-]*)\.html([^"]*)"( data-keep)?')
_PLACE = re.compile(r'class="([\w-]+)"')
_OWN = """
.till { color: var(--ink); font: 15px/1.5 var(--font); font-variant-numeric: tabular-nums; }
.till :is(h1, h2, h3, h4, p, ul, dl, dd, pre) { margin: 0; padding: 0; }
.till ul { list-style: none; }
.till li { margin: 0; font-size: inherit; }
.till h1 { font-size: 26px; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; }
.till h2 { font-size: 18px; line-height: 1.3; font-weight: 650; margin-top: 12px; }
.till .item-title { font-size: 16px; line-height: 1.3; font-weight: 600; }
.till a { color: var(--accent-ink); }
.till .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.till .prose :is(ul, ol):not(.findings) { padding-left: 20px; list-style: disc; }
.till .table { margin: 0; padding: 0; background: none; }
.till td, .till th { color: inherit; }
.till img.sparkline { object-fit: fill; overflow: hidden; }
.till .pages { display: grid; gap: 16px; margin-top: 16px; }
.till .pages h2 { margin-top: 0; }
.till img.map { width: 100%; height: auto; }
.till .stamp { margin-top: 24px; padding: 16px 0 0; border-top: 1px solid var(--line); font-size: 13px; }
.till .stamp { color: var(--ink-2); }
.till .stamp dl { display: flex; flex-wrap: wrap; gap: 12px 40px; }
.till .stamp dd { color: var(--ink); }
"""


@lru_cache
def tokens(settings: Settings, scheme: Scheme) -> Mapping[str, str]:
    """The names of the style sheet with their values, those of the owner's theme over ours."""
    found: dict[str, str] = {}
    for text in ((ASSETS / "style" / "tokens.css").read_text(encoding="utf-8"), str(settings.css)):
        for selector, body in _RULE.findall(_COMMENT.sub("", text)):
            chosen = {":root", f':root[data-theme="{scheme}"]'}
            if chosen & {one.strip() for one in selector.split(",")} and not (
                scheme == "dark" and 'data-theme="light"' in selector
            ):
                found |= {name: value.strip() for name, value in _TOKEN.findall(body)}
    return found


def scheme_of(settings: Settings, told: str | None) -> Scheme:
    """Light or dark: as the reader's browser tells, else as the page asks."""
    wanted = told or settings.theme
    return "dark" if wanted == "dark" else "light"


def style(settings: Settings, scheme: Scheme) -> str:
    """The style of our components, kept to what stands in an element of the class `till`."""
    named = tokens(settings, scheme)
    variables = ";".join(f"--{name}:{value}" for name, value in named.items())
    files = [ASSETS / "style" / f"{name}.css" for name in _PARTS]
    parts = [path.read_text(encoding="utf-8") for path in (*files, HERE / "preview.css")]
    if scheme == "dark":
        parts = [part.replace(':root[data-theme="dark"] ', "") for part in parts]
    card = (
        f"background:{named['card']};border-color:{named['line']};border-radius:{named['radius']}"
    )
    cards = f'[class*="st-key-card-"]{{{card}}}'
    return f"<style>{cards}.till{{{variables}}}\n.till{{{''.join(parts)}}}\n{_OWN}</style>"


def theme_options(settings: Settings) -> dict[str, Any]:
    """Streamlit's own theme in our colours; a page of one scheme keeps to it."""
    found: dict[str, Any] = {}
    schemes: tuple[Scheme, ...] = ("light", "dark")
    found["theme.font"] = tokens(settings, "light")["font"]
    if settings.theme != "auto":
        found["theme.base"] = settings.theme
    for scheme in schemes:
        named = tokens(settings, scheme)
        section = f"theme.{scheme}" if settings.theme == "auto" else "theme"
        if settings.theme in ("auto", scheme):
            found |= {
                f"{section}.primaryColor": named["accent"],
                f"{section}.backgroundColor": named["page"],
                f"{section}.secondaryBackgroundColor": named["card"],
                f"{section}.textColor": named["ink"],
                f"{section}.linkColor": named["accent-ink"],
                f"{section}.borderColor": named["line"],
            }
    return found


def coloured(text: str, named: Mapping[str, str]) -> str:
    """`text` with the values of the tokens that it uses, and mixed colours computed."""
    plain = _USE.sub(lambda match: named.get(match[1], match[0]), text)
    return _MIX.sub(lambda match: _mixed(match[1], int(match[2]), match[3]), plain)


def for_streamlit(
    html: Markup, named: Mapping[str, str], address: Callable[[str, bool], str]
) -> str:
    """What one of our components wrote, as st.html shows it: drawings as images, links as the dashboard's.

    st.html takes drawings out of what it is given, but not an image with one inside, which cannot run
    anything. `address` gives where the page of a name is, and whether the filters go along.
    """

    def led(match: re.Match[str]) -> str:
        return f'href="{address(match[1], bool(match[3]))}{match[2]}"'

    text = _SVG.sub(lambda match: _as_image(match[0], named), str(html))
    return f'<div class="till">{_LINK.sub(led, text)}</div>'


def _as_image(svg: str, named: Mapping[str, str]) -> str:
    found = _PLACE.search(svg)
    kind = found[1] if found else ""
    rules = coloured(_rules_of(kind), named)
    inside = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    inside = inside.replace(">", f"><style>{rules}</style>", 1)
    encoded = base64.b64encode(coloured(inside, named).encode()).decode()
    return f'<img class="{kind}" alt="" src="data:image/svg+xml;base64,{encoded}">'


@lru_cache
def _rules_of(kind: str) -> str:
    """The rules of the style sheets for one kind of drawing."""
    text = "".join((ASSETS / "style" / f"{name}.css").read_text("utf-8") for name in _PARTS)
    rules = _RULE.findall(_COMMENT.sub("", text))
    wanted = [
        f"{selector.strip()}{{{body}}}"
        for selector, body in rules
        if kind and selector.strip().startswith(f".{kind} ")  # of its parts: the image has the size
    ]
    return "".join(wanted)


def _mixed(first: str, share: int, second: str) -> str:
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round((a * share + b * (100 - share)) / 100):02x}" for a, b in pairs)


def _channels(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]

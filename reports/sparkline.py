"""Sparklines, drawn when the page is made: a line and a dot at its end, as SVG paths."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 120.0, 32.0, 4.0


def sparkline_path(values: Sequence[float | None]) -> str:
    """The line through `values` in a box of 120 by 32; a gap where one is missing.

    Empty with fewer than two values.
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    low, high = min(known), max(known)
    step = (WIDTH - 2 * MARGIN) / (len(values) - 1)
    parts: list[str] = []
    pen = "M"
    for index, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        share = (value - low) / (high - low) if high > low else 0.5
        x = MARGIN + index * step
        y = HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)
        parts.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    return "".join(parts)


def sparkline_end(path: str) -> str:
    """The last point of a sparkline, as a path of no length: its round cap is the dot."""
    last = max(path.rfind("M"), path.rfind("L"))
    return f"M{path[last + 1 :]}h0" if path else ""

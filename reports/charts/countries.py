"""Outlines of countries on a flat map, from the package `countryinfo` (MIT): GeoJSON by country, no network.

Only its files are read. Four countries that it lacks stand in outlines.py; any other without an outline there
gets a dot at its coordinates.
"""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from configuration.errors import PlainError
from reports.charts.outlines import OUTLINES

Point = tuple[float, float]
WIDTH = 1000.0
_LOW, _HIGH = -57.0, 79.0  # degrees of latitude that are shown; Antarctica is not
_NEAR = 0.7  # of WIDTH's units: points that are nearer to the last one are left out
_CORNERS = 3  # of an area, at least
_SMALLEST = 0.9  # islands that are smaller are left out, unless they are all there is
# Coordinates that the package lacks or has only as a part of another country.
_PLACES = {
    "GG": (49.46, -2.58),
    "JE": (49.21, -2.13),
    "AX": (60.2, 20.0),
    "CW": (12.2, -69.0),
    "PS": (31.9, 35.2),
}


@dataclass(frozen=True)
class Country:
    """A country as an SVG path, or as a dot where it has none; its middle and its extent.

    `box` are its left, top, right and bottom.
    """

    code: str
    path: str
    middle: Point
    box: tuple[float, float, float, float]


def projected(longitude: float, latitude: float) -> Point:
    """Robinson's successor Natural Earth (Patterson and Šavrič 2011), as polynomials of the latitude."""
    phi = math.radians(latitude)
    two = phi * phi
    four = two * two
    length = (
        0.8707 - 0.131979 * two + four * (-0.013791 + four * (0.003971 * two - 0.001529 * four))
    )
    height = phi * (
        1.007226 + two * (0.015085 + four * (-0.044475 + 0.028874 * two - 0.005916 * four))
    )
    scale = WIDTH / (2 * math.pi * 0.8707)
    return (math.radians(longitude) * length + math.pi * 0.8707) * scale, -height * scale


@cache
def countries() -> dict[str, Country]:
    """All countries by their two letters."""
    found: dict[str, Country] = {}
    for path in sorted(_folder().glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        code = (document.get("ISO") or {}).get("alpha2")
        if not code or code == "AQ":
            continue
        rings = list(_rings(document.get("geoJSON") or {})) or [*OUTLINES.get(code, ())]
        place = document.get("latlng") or _PLACES.get(code)
        if not rings and not place:
            continue
        if code not in found or not found[code].path:
            found[code] = _country(code, rings, place)
    for code in {*_PLACES, *OUTLINES} - {*found}:
        found[code] = _country(code, [*OUTLINES.get(code, ())], _PLACES.get(code))
    return found


def _folder() -> Path:
    spec = importlib.util.find_spec("countryinfo")
    if spec is None or spec.origin is None:
        raise PlainError(
            "maps need the package countryinfo, which is not installed",
            remedy="Install the project's dependencies again.",
        )
    return Path(spec.origin).parent / "data"


def _rings(geojson: dict[str, object]) -> Iterator[list[Point]]:
    features = geojson.get("features")
    for feature in features if isinstance(features, list) else []:
        geometry = feature["geometry"]
        parts = geometry["coordinates"]
        for polygon in parts if geometry["type"] == "MultiPolygon" else [parts]:
            for ring in polygon:
                yield [(float(one[0]), float(one[1])) for one in ring]


def _country(code: str, rings: Sequence[list[Point]], place: Sequence[float] | None) -> Country:
    """From its rings in degrees, and its latitude and longitude."""
    drawn = [_thinned([projected(x, min(max(y, _LOW), _HIGH)) for x, y in ring]) for ring in rings]
    middle = projected(place[1], place[0]) if place else None
    points = [point for ring in drawn for point in ring] or [middle or (0.0, 0.0)]
    across, down = zip(*points, strict=True)
    box = (min(across), min(down), max(across), max(down))
    centre = middle or ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    return Country(code, _outline(drawn), centre, box)


def _outline(drawn: Sequence[list[Point]]) -> str:
    """An SVG path of the rings that can be seen, with one digit after the point."""
    sized = sorted(
        ((_extent(ring), number) for number, ring in enumerate(drawn) if len(ring) >= _CORNERS),
        reverse=True,
    )
    kept = [number for rank, (size, number) in enumerate(sized) if size >= _SMALLEST or rank == 0]
    return "".join(
        "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in drawn[number]) + "Z"
        for number in sorted(kept)
    )


def _thinned(ring: Sequence[Point]) -> list[Point]:
    found: list[Point] = []
    for point in ring:
        if not found or math.dist(found[-1], point) >= _NEAR:
            found.append(point)
    return found


def _extent(ring: Sequence[Point]) -> float:
    across = max(x for x, _ in ring) - min(x for x, _ in ring)
    return max(across, max(y for _, y in ring) - min(y for _, y in ring))

"""Make the map data of the report from us-atlas 3.0.1 (`states-albers-10m.json`, ISC).

    npm pack us-atlas@3.0.1 && tar xzf us-atlas-3.0.1.tgz
    python tools/us_states.py package/states-albers-10m.json

The source is TopoJSON (https://github.com/topojson/topojson-specification), already projected to 975 x 610.
Borders are simplified arc by arc, so that neighbors keep sharing them.
"""

from __future__ import annotations

import argparse
import heapq
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).resolve().parent.parent / "src/gatehouse/audit/report/data/us-states.json"
WIDTH, HEIGHT = 975, 610
# In square units of the 975 x 610 viewport; below these a corner or an island cannot be seen.
SMALLEST_CORNER = 0.35
SMALLEST_ISLAND = 2.5

Point = tuple[float, float]

# FIPS 5-2 codes of the source to the USPS codes of the report.
USPS = {
    "01": "AL", "02": "AK", "04": "AZ", "05": "AR", "06": "CA", "08": "CO", "09": "CT", "10": "DE",
    "11": "DC", "12": "FL", "13": "GA", "15": "HI", "16": "ID", "17": "IL", "18": "IN", "19": "IA",
    "20": "KS", "21": "KY", "22": "LA", "23": "ME", "24": "MD", "25": "MA", "26": "MI", "27": "MN",
    "28": "MS", "29": "MO", "30": "MT", "31": "NE", "32": "NV", "33": "NH", "34": "NJ", "35": "NM",
    "36": "NY", "37": "NC", "38": "ND", "39": "OH", "40": "OK", "41": "OR", "42": "PA", "44": "RI",
    "45": "SC", "46": "SD", "47": "TN", "48": "TX", "49": "UT", "50": "VT", "51": "VA", "53": "WA",
    "54": "WV", "55": "WI", "56": "WY",
}  # fmt: skip


def decode_arcs(topology: dict[str, Any]) -> list[list[Point]]:
    """Undo quantization and delta encoding of the topology's arcs."""
    scale, translate = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for deltas in topology["arcs"]:
        x = y = 0
        arc = []
        for dx, dy in deltas:
            x, y = x + dx, y + dy
            arc.append((x * scale[0] + translate[0], y * scale[1] + translate[1]))
        arcs.append(arc)
    return arcs


def triangle_area(a: Point, b: Point, c: Point) -> float:
    """Return the area that a line loses when `b` is left out between `a` and `c`."""
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2


def simplify(arc: Sequence[Point], smallest: float) -> list[Point]:
    """Drop the corners that matter least (Visvalingam and Whyatt, 1993); both ends stay."""
    before = list(range(-1, len(arc) - 1))
    after = list(range(1, len(arc) + 1))
    area = [float("inf")] * len(arc)
    heap: list[tuple[float, int]] = []
    for index in range(1, len(arc) - 1):
        area[index] = triangle_area(arc[index - 1], arc[index], arc[index + 1])
        heapq.heappush(heap, (area[index], index))
    kept = [True] * len(arc)
    while heap:
        value, index = heapq.heappop(heap)
        if not kept[index] or value != area[index]:
            continue
        if value >= smallest:
            break
        kept[index] = False
        left, right = before[index], after[index]
        after[left], before[right] = right, left
        for near in (left, right):
            if 0 < near < len(arc) - 1:
                # INVARIANT: an area never falls below one already dropped, so order does not matter.
                area[near] = max(value, triangle_area(arc[before[near]], arc[near], arc[after[near]]))
                heapq.heappush(heap, (area[near], near))
    return [point for point, keep in zip(arc, kept, strict=True) if keep]


def ring_area(ring: Sequence[Point]) -> float:
    """Return the area inside a closed ring."""
    following = [*ring[1:], ring[0]]
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, following, strict=True))) / 2


def rings_of(geometry: dict[str, Any], arcs: Sequence[Sequence[Point]]) -> Iterator[list[Point]]:
    """Yield every ring of a Polygon or MultiPolygon, joined from its arcs."""
    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    for polygon in polygons:
        for references in polygon:
            ring: list[Point] = []
            for reference in references:
                # A negative reference is the arc's one's complement, walked backwards.
                arc = list(arcs[reference]) if reference >= 0 else list(reversed(arcs[~reference]))
                ring.extend(arc[1:] if ring else arc)
            yield ring[:-1]


def number(tenths: int) -> str:
    """Write tenths as the shortest decimal."""
    text = f"{tenths / 10:.1f}".removesuffix(".0")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def svg_path(rings: Sequence[Sequence[Point]]) -> str:
    """Write rings as one SVG path in tenths of a unit, relative moves."""
    parts = []
    for ring in rings:
        corners = [(round(x * 10), round(y * 10)) for x, y in ring]
        x, y = corners[0]
        parts.append(f"M{number(x)} {number(y)}l")
        steps: list[str] = []
        for next_x, next_y in corners[1:]:
            if (next_x, next_y) == (x, y):
                continue
            steps.append(f"{number(next_x - x)} {number(next_y - y)}")
            x, y = next_x, next_y
        parts.append(" ".join(steps) + "z")
    return "".join(parts).replace(" -", "-")


def inside(point: Point, ring: Sequence[Point]) -> bool:
    """Return whether a point lies within a ring (even-odd rule)."""
    x, y = point
    hit = False
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            hit = not hit
    return hit


def distance_to(point: Point, ring: Sequence[Point]) -> float:
    """Return the distance from a point to the nearest border of a ring."""
    x, y = point
    best = float("inf")
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        along = 0.0 if length == 0 else min(1.0, max(0.0, ((x - ax) * dx + (y - ay) * dy) / length))
        best = min(best, ((x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2) ** 0.5)
    return best


def label_point(ring: Sequence[Point]) -> tuple[Point, float]:
    """Return the point farthest from any border, found on a grid, and its distance."""
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    best: tuple[Point, float] = ((sum(xs) / len(xs), sum(ys) / len(ys)), 0.0)
    steps = 40
    for i in range(1, steps):
        for j in range(1, steps):
            point = (
                min(xs) + (max(xs) - min(xs)) * i / steps,
                min(ys) + (max(ys) - min(ys)) * j / steps,
            )
            if inside(point, ring):
                distance = distance_to(point, ring)
                if distance > best[1]:
                    best = (point, distance)
    return best


def convert(topology: dict[str, Any]) -> dict[str, Any]:
    """Turn the topology into `{"width", "height", "states": {code: {"name", "path", "label", "room"}}}`.

    `label` is the point with the most room for text, `room` its distance to the nearest border.
    """
    arcs = [simplify(arc, SMALLEST_CORNER) for arc in decode_arcs(topology)]
    states = {}
    for geometry in topology["objects"]["states"]["geometries"]:
        rings = sorted(rings_of(geometry, arcs), key=ring_area, reverse=True)
        # The westernmost Aleutians lie beyond the left edge of the viewport.
        visible = [
            ring for ring in rings[1:] if ring_area(ring) >= SMALLEST_ISLAND and min(x for x, _ in ring) > 0
        ]
        point, room = label_point(rings[0])
        states[USPS[geometry["id"]]] = {
            "name": geometry["properties"]["name"],
            "path": svg_path([rings[0], *visible]),
            "label": [round(point[0]), round(point[1])],
            "room": round(room, 1),
        }
    return {"width": WIDTH, "height": HEIGHT, "states": dict(sorted(states.items()))}


def main() -> None:
    """Read the topology named on the command line and write the map data."""
    parser = argparse.ArgumentParser(description="Make the map data of the report from us-atlas.")
    parser.add_argument("topology", type=Path, help="states-albers-10m.json of us-atlas 3.0.1")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    data = convert(json.loads(options.topology.read_text(encoding="utf-8")))
    text = json.dumps(data, ensure_ascii=False, indent=1, separators=(",", ":"))
    options.output.write_text(text + "\n", encoding="utf-8")
    print(f"{options.output}: {len(data['states'])} states, {len(text):,} characters")


if __name__ == "__main__":
    main()

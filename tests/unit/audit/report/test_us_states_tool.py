from __future__ import annotations

from tools.us_states import USPS, convert, simplify, svg_path

from gatehouse.audit.report.charts.us_map import geometry

# Two squares that share the border x = 10, in quantized steps of 0.5 from (100, 50).
TOPOLOGY = {
    "type": "Topology",
    "transform": {"scale": [0.5, 0.5], "translate": [100.0, 50.0]},
    "arcs": [
        [[20, 0], [0, 20]],
        [[20, 20], [-20, 0], [0, -20], [20, 0]],
        [[20, 0], [20, 0], [0, 20], [-20, 0]],
    ],
    "objects": {
        "states": {
            "geometries": [
                {"type": "Polygon", "id": "17", "properties": {"name": "Illinois"}, "arcs": [[0, 1]]},
                {"type": "MultiPolygon", "id": "18", "properties": {"name": "Indiana"}, "arcs": [[[2, -1]]]},
            ]
        }
    },
}


def test_convert_joins_arcs_forward_and_backward_into_rings() -> None:
    assert convert(TOPOLOGY)["states"] == {
        "IL": {"name": "Illinois", "path": "M110 50l0 10-10 0 0-10z", "label": [105, 55], "room": 5.0},
        "IN": {"name": "Indiana", "path": "M110 50l10 0 0 10-10 0z", "label": [115, 55], "room": 5.0},
    }


def test_simplify_drops_corners_that_cannot_be_seen_and_keeps_both_ends() -> None:
    line = [(0.0, 0.0), (1.0, 0.05), (2.0, 0.0), (3.0, 5.0), (4.0, 0.0)]
    assert simplify(line, 0.35) == [(0.0, 0.0), (2.0, 0.0), (3.0, 5.0), (4.0, 0.0)]


def test_svg_path_leaves_out_steps_that_round_to_nothing() -> None:
    assert svg_path([[(0, 0), (0.01, 0.01), (0.5, -2), (-1, 3)]]) == "M0 0l.5-2-1.5 5z"


def test_map_data_holds_every_state_and_the_capital() -> None:
    assert set(geometry().states) == set(USPS.values())
    assert len(USPS) == 51
    for state in geometry().states.values():
        assert 0 < state.x < geometry().width
        assert 0 < state.y < geometry().height

"""What a node has loaded, out of the way of the collector."""

from __future__ import annotations

import gc
from pathlib import Path

from gatehouse.node.settling import settle
from tests.unit.node.running import made_node, opened_node


def test_settled_node_is_not_looked_through_and_what_comes_after_is(tmp_path: Path) -> None:
    with opened_node(made_node(tmp_path)) as node:
        looked_through = {id(each) for each in gc.get_objects()}
        kept = (node.registry.now, node.registry.owners(node.registry.operator))
        settle(node)
        try:
            later = [object()]
            now = {id(each) for each in gc.get_objects()}
            again = (node.registry.now, node.registry.owners(node.registry.operator))
        finally:
            gc.unfreeze()
    assert id(node) in looked_through
    assert id(node) not in now
    assert id(later) in now
    assert not now.intersection(map(id, kept))
    assert [id(each) for each in again] == [id(each) for each in kept]

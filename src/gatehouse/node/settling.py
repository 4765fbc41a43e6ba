"""Keeping what a node has loaded out of the way of Python's cyclic garbage collector."""

from __future__ import annotations

import gc

from gatehouse.node.node import Node


def settle(node: Node) -> None:
    """Have full collections leave out everything that lives now; call it once, when a node begins to serve.

    A network of 5,000 owners is hundreds of thousands of objects. To look through all of them takes a third
    of a second, in which no thread of the node runs, and a few searches bring that about. What is left out is
    still freed with its last reference, but not as a part of a cycle, so cycles are collected first.
    """
    # The first to ask has the snapshot made, which then is among what is left out.
    node.registry.owners(node.registry.operator)
    gc.collect()
    gc.freeze()

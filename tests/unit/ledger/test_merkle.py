"""The tree against RFC 6962 word for word, and proofs against every small change."""

from __future__ import annotations

import hashlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.ledger import merkle
from gatehouse.ledger.errors import InvalidProof
from gatehouse.ledger.merkle import Frontier
from gatehouse.model import BadUse
from tests.unit.ledger.naive import NaiveTree, flips, numbered

BOUND = 20
TREE = NaiveTree(numbered(70))
sizes = st.integers(0, len(TREE.entries))


def included(index: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> bool:
    """Return whether an inclusion proof holds."""
    try:
        merkle.verify_inclusion(index=index, size=size, leaf_hash=leaf, proof=proof, root=root)
    except InvalidProof as error:
        assert error.expected and error.got
        return False
    return True


def consistent(size1: int, size2: int, root1: bytes, root2: bytes, proof: list[bytes]) -> bool:
    """Return whether a consistency proof holds."""
    try:
        merkle.verify_consistency(size1=size1, size2=size2, root1=root1, root2=root2, proof=proof)
    except InvalidProof as error:
        assert error.expected and error.got
        return False
    return True


def changed_lists(proof: list[bytes]) -> list[list[bytes]]:
    """Return the proof with a hash dropped, added or doubled at each place, and with each two swapped."""
    spare = hashlib.sha256(b"spare").digest()
    changed = [proof[:at] + proof[at + 1 :] for at in range(len(proof))]
    changed += [[*proof[:at], spare, *proof[at:]] for at in range(len(proof) + 1)]
    changed += [[*proof[:at], proof[at], *proof[at:]] for at in range(len(proof))]
    for left, right in itertools.combinations(range(len(proof)), 2):
        swapped = list(proof)
        swapped[left], swapped[right] = swapped[right], swapped[left]
        changed.append(swapped)
    return [each for each in changed if each != proof]


def test_hashes_of_leaf_and_node_are_domain_separated() -> None:
    left, right = merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b")
    assert left == hashlib.sha256(b"\x00a").digest()
    assert merkle.node_hash(left, right) == hashlib.sha256(b"\x01" + left + right).digest()
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)
    assert hashlib.sha256(b"").digest() == merkle.EMPTY_ROOT


@pytest.mark.parametrize("size", range(len(TREE.entries) + 1))
def test_root_of_every_size_is_that_of_the_rfc(size: int) -> None:
    frontier = Frontier()
    for index in range(size):
        frontier.append(TREE.leaf(index))
    assert merkle.root(TREE, size) == frontier.root() == TREE.root(size)
    assert frontier.size == size
    assert frontier.nodes == tuple(TREE.subtree(level, index) for level, index in merkle.complete(0, size))


@pytest.mark.parametrize("size", range(1, BOUND))
def test_inclusion_of_every_index_verifies_and_every_bit_counts(size: int) -> None:
    root = TREE.root(size)
    for index in range(size):
        leaf, proof = TREE.leaf(index), TREE.path(index, size)
        assert merkle.inclusion_proof(TREE, index=index, size=size) == proof
        assert included(index, size, leaf, proof, root)
        for at, each in enumerate(proof):
            for wrong in flips(each):
                assert not included(index, size, leaf, [*proof[:at], wrong, *proof[at + 1 :]], root)
        assert not any(included(index, size, wrong, proof, root) for wrong in flips(leaf))
        assert not any(included(index, size, leaf, proof, wrong) for wrong in flips(root))


@pytest.mark.parametrize("size", range(1, BOUND))
def test_inclusion_with_other_index_size_or_list_is_refused(size: int) -> None:
    root = TREE.root(size)
    for index in range(size):
        leaf, proof = TREE.leaf(index), TREE.path(index, size)
        others = [other for other in range(-1, 2 * BOUND) if other != index]
        assert not any(included(other, size, leaf, proof, root) for other in others)
        assert not any(included(index, size, leaf, wrong, root) for wrong in changed_lists(proof))


@pytest.mark.parametrize("size", range(1, BOUND))
def test_inclusion_under_another_size_holds_only_where_the_tree_has_the_same_shape(size: int) -> None:
    """A root does not commit to its size: only the checkpoint, which is signed, does."""
    for index in range(size):
        leaf, proof, root = TREE.leaf(index), TREE.path(index, size), TREE.root(size)
        for other in range(2 * BOUND):
            same = index < other and turns(index, other) == turns(index, size)
            assert included(index, other, leaf, proof, root) is same


def turns(index: int, size: int) -> str:
    """Return on which side each hash of PATH(index, D[0:size]) stands."""
    if size == 1:
        return ""
    middle = 1
    while middle * 2 < size:
        middle *= 2
    if index < middle:
        return turns(index, middle) + "r"
    return turns(index - middle, size - middle) + "l"


@pytest.mark.parametrize("size2", range(BOUND))
def test_consistency_of_every_size_verifies_and_every_change_is_refused(size2: int) -> None:
    root2 = TREE.root(size2)
    for size1 in range(size2 + 1):
        root1, proof = TREE.root(size1), TREE.proof(size1, size2)
        assert merkle.consistency_proof(TREE, size1=size1, size2=size2) == proof
        assert consistent(size1, size2, root1, root2, proof)
        for at, each in enumerate(proof):
            # Eight bits of each hash; that all count is shown for inclusion, which hashes the same way.
            for wrong in flips(each)[at::32]:
                assert not consistent(size1, size2, root1, root2, [*proof[:at], wrong, *proof[at + 1 :]])
        assert not any(consistent(size1, size2, root1, root2, wrong) for wrong in changed_lists(proof))
        assert not any(consistent(size1, size2, wrong, root2, proof) for wrong in flips(root1))
        if size1 > 0:
            assert not any(consistent(size1, size2, root1, wrong, proof) for wrong in flips(root2))
        for other in range(BOUND):
            if other not in (size1, 0):
                assert not consistent(other, size2, root1, root2, proof)


def test_consistency_from_the_empty_tree_asks_for_its_root_and_no_proof() -> None:
    root, spare = TREE.root(3), TREE.leaf(0)
    assert consistent(0, 3, merkle.EMPTY_ROOT, root, [])
    assert not consistent(0, 3, root, root, [])
    assert not consistent(0, 3, merkle.EMPTY_ROOT, root, [spare])
    assert consistent(0, 0, merkle.EMPTY_ROOT, merkle.EMPTY_ROOT, [])
    assert not consistent(0, 0, root, root, [])
    assert not consistent(0, 0, merkle.EMPTY_ROOT, root, [])


@pytest.mark.parametrize("wrong", [b"", bytes(31), bytes(33), bytes(64)])
def test_hashes_of_another_length_are_refused(wrong: bytes) -> None:
    leaf, proof, root = TREE.leaf(0), TREE.path(0, 3), TREE.root(3)
    assert not included(0, 3, wrong, proof, root)
    assert not included(0, 3, leaf, [wrong, *proof[1:]], root)
    assert not included(0, 3, leaf, proof, wrong)
    assert not consistent(3, 3, wrong, wrong, [])
    assert not consistent(0, 3, merkle.EMPTY_ROOT, wrong, [])
    with pytest.raises(InvalidProof, match="wrong length"):
        Frontier().append(wrong)
    with pytest.raises(InvalidProof, match="wrong length"):
        Frontier(1, [wrong])


@given(st.binary(max_size=40), st.lists(st.binary(min_size=32, max_size=32), max_size=70), st.data())
def test_verification_of_arbitrary_values_never_fails_otherwise(
    leaf: bytes, proof: list[bytes], data: st.DataObject
) -> None:
    number = st.integers(-2, 2**70)
    first, second = data.draw(number), data.draw(number)
    root = data.draw(st.binary(min_size=32, max_size=32))
    assert not included(first, second, leaf, proof, root) or (leaf == root and not proof)
    # Only equal trees need no proof.
    held = consistent(first, second, root, root, proof)
    assert not held or (first == second and not proof)


@given(st.lists(st.binary(max_size=3), max_size=40), st.data())
@settings(max_examples=60)
def test_tree_functions_agree_with_the_rfc_for_any_entries(entries: list[bytes], data: st.DataObject) -> None:
    tree = NaiveTree(entries)
    size2 = data.draw(st.integers(0, len(entries)))
    size1 = data.draw(st.integers(0, size2))
    assert merkle.root(tree, size2) == tree.root(size2)
    proof = merkle.consistency_proof(tree, size1=size1, size2=size2)
    assert proof == tree.proof(size1, size2)
    assert consistent(size1, size2, tree.root(size1), tree.root(size2), proof)
    for index in range(size2):
        proof = merkle.inclusion_proof(tree, index=index, size=size2)
        assert proof == tree.path(index, size2)
        assert included(index, size2, merkle.leaf_hash(entries[index]), proof, tree.root(size2))


@given(sizes, sizes)
def test_complete_subtrees_cover_a_range_once_in_order_and_none_can_be_larger(one: int, other: int) -> None:
    first, end = sorted((one, other))
    found = list(merkle.complete(first, end))
    covered = [leaf for level, index in found for leaf in range(index << level, (index + 1) << level)]
    assert covered == list(range(first, end))
    for (level, index), (next_level, next_index) in itertools.pairwise(found):
        assert level != next_level or index % 2 == 1 or next_index != index + 1


@given(sizes, sizes)
def test_frontier_from_its_nodes_goes_on_where_it_stood(one: int, other: int) -> None:
    size, more = sorted((one, other))
    frontier = Frontier(size, [TREE.subtree(level, index) for level, index in merkle.complete(0, size)])
    for index in range(size, more):
        frontier.append(TREE.leaf(index))
    assert (frontier.size, frontier.root()) == (more, TREE.root(more))


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 0), (3, 1), (4, 2)])
def test_frontier_with_another_number_of_nodes_is_refused(size: int, count: int) -> None:
    with pytest.raises(BadUse, match="does not fit the size"):
        Frontier(size, [TREE.leaf(0)] * count)


def test_proofs_outside_the_tree_are_bad_use() -> None:
    for index, size in ((-1, 3), (3, 3), (0, 0)):
        with pytest.raises(BadUse, match="outside the tree"):
            merkle.inclusion_proof(TREE, index=index, size=size)
    for size1, size2 in ((4, 3), (-1, 3)):
        with pytest.raises(BadUse, match="cannot shrink"):
            merkle.consistency_proof(TREE, size1=size1, size2=size2)

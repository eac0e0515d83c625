"""The Merkle tree against the recursive definitions of RFC 6962, section 2.1."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.ledger.merkle import (
    Frontier,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

ENTRIES = [b"%d" % number for number in range(70)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def split(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(entries: list[bytes]) -> bytes:
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path_of(m: int, entries: list[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = split(len(entries))
    return [*path_of(m, entries[:k]), mth(entries[k:])] if m < k else [*path_of(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], whole: bool) -> list[bytes]:
    if m == len(entries):
        return [] if whole else [mth(entries)]
    k = split(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], whole), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


sizes = st.integers(1, len(ENTRIES))


@given(st.integers(0, len(ENTRIES)))
def test_root_is_the_definitions(size: int) -> None:
    assert root_of(LEAVES[:size]) == mth(ENTRIES[:size])


@given(sizes)
def test_frontier_holds_one_peak_a_bit(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier = frontier.append(leaf)
    assert len(frontier.peaks) == size.bit_count()
    assert frontier.root() == mth(ENTRIES[:size])


@given(st.data())
def test_inclusion_path_is_the_definitions_and_verifies(data: st.DataObject) -> None:
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index, LEAVES[:size])
    assert list(path) == path_of(index, ENTRIES[:size])
    verify_inclusion(index, size, LEAVES[index], path, mth(ENTRIES[:size]))


@given(st.data())
def test_consistency_path_is_the_definitions_and_verifies(data: st.DataObject) -> None:
    size = data.draw(sizes)
    old = data.draw(st.integers(1, size))
    path = consistency_path(old, LEAVES[:size])
    assert list(path) == subproof(old, ENTRIES[:size], True)
    verify_consistency(old, size, mth(ENTRIES[:old]), mth(ENTRIES[:size]), path)


@given(st.data())
def test_a_changed_inclusion_proof_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, len(ENTRIES)))
    index = data.draw(st.integers(0, size - 1))
    path, root = list(inclusion_path(index, LEAVES[:size])), root_of(LEAVES[:size])
    step = data.draw(st.integers(0, len(path) - 1))
    other = data.draw(st.integers(0, size).filter(lambda found: found != index))
    longer, shorter = [*path, path[-1]], path[:-1]
    changed = [*path[:step], leaf_hash(b"other"), *path[step + 1 :]]
    for wrong in (longer, shorter, changed):
        with pytest.raises(VerificationError, match="inclusion-unproven"):
            verify_inclusion(index, size, LEAVES[index], wrong, root)
    with pytest.raises(VerificationError, match="inclusion-unproven"):
        verify_inclusion(other, size, LEAVES[index], path, root)
    with pytest.raises(VerificationError, match="inclusion-unproven"):
        verify_inclusion(index, size, leaf_hash(b"other"), path, root)


@given(st.data())
def test_a_changed_consistency_proof_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, len(ENTRIES)))
    old = data.draw(st.integers(1, size - 1))
    path = list(consistency_path(old, LEAVES[:size]))
    old_root, root = root_of(LEAVES[:old]), root_of(LEAVES[:size])
    step = data.draw(st.integers(0, len(path) - 1))
    changed = [*path[:step], leaf_hash(b"other"), *path[step + 1 :]]
    for wrong in ([*path, path[-1]], path[:-1], changed):
        with pytest.raises(VerificationError, match="consistency-unproven"):
            verify_consistency(old, size, old_root, root, wrong)
    with pytest.raises(VerificationError, match="consistency-unproven"):
        verify_consistency(old, size, leaf_hash(b"other"), root, path)
    with pytest.raises(VerificationError, match="consistency-unproven"):
        verify_consistency(old, size, old_root, leaf_hash(b"other"), path)


def test_every_tree_extends_the_empty_tree_and_itself() -> None:
    root = root_of(LEAVES)
    verify_consistency(0, 70, root_of([]), root, [])
    verify_consistency(70, 70, root, root, [])
    for old, old_root, path in ((0, root, []), (70, LEAVES[0], []), (0, root_of([]), [root]), (71, root, [])):
        with pytest.raises(VerificationError):
            verify_consistency(old, 70, old_root, root, path)


@pytest.mark.parametrize("index", [-1, 70, 71])
def test_no_inclusion_path_outside_the_tree(index: int) -> None:
    with pytest.raises(BadInput, match="no-such-entry"):
        inclusion_path(index, LEAVES)
    with pytest.raises(VerificationError):
        verify_inclusion(index, 70, LEAVES[0], [], root_of(LEAVES))


@pytest.mark.parametrize("old", [0, 71])
def test_no_consistency_path_outside_the_tree(old: int) -> None:
    with pytest.raises(BadInput, match="no-such-tree"):
        consistency_path(old, LEAVES)


def test_a_node_is_no_leaf() -> None:
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != root_of(LEAVES[:2])

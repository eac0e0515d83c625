"""The Merkle tree of RFC 6962, section 2.1: hashes, roots, proofs. The hash is SHA-256.

Section 2.1 defines the tree and both proofs; it gives no verification algorithms: those are sections 2.1.3.2 and 2.1.4.2 of
RFC 9162, over the same tree. Everything here works on leaf *hashes* of 32 bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from airflow_privacy.core.errors import BadInput, VerificationError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """MTH({d}) = SHA-256(0x00 || d)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right). The prefixes keep a node from being passed off as a leaf."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """All that appending needs: the roots of the full subtrees, largest first, one for each bit set in ``size``."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Frontier:
        """The frontier with one more leaf hash; O(log n)."""
        peaks = list(self.peaks)
        carry, size = leaf, self.size
        while size & 1:
            carry = node_hash(peaks.pop(), carry)
            size >>= 1
        return Frontier(self.size + 1, (*peaks, carry))

    def root(self) -> bytes:
        """The root of the whole tree; O(log n)."""
        if not self.peaks:
            return EMPTY_ROOT
        *rest, root = self.peaks
        for peak in reversed(rest):
            root = node_hash(peak, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """MTH over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    return frontier.root()


def inclusion_path(index: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """PATH(m, D[n]), section 2.1.1: the hashes from the leaf's neighbour up to below the root.

    :raises BadInput: there is no leaf of that index.
    """
    if not 0 <= index < len(leaves):
        raise BadInput("no-such-entry", f"There is no entry {index} in a tree of {len(leaves)}")
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root_of(leaves[middle:high]))
            high = middle
        else:
            path.append(root_of(leaves[low:middle]))
            low = middle
    return tuple(reversed(path))


def consistency_path(old_size: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """PROOF(m, D[n]), section 2.1.2: that the tree of the first ``old_size`` leaves is a prefix of this one.

    :raises BadInput: ``old_size`` is 0 (the empty tree needs no proof) or larger than the tree.
    """
    if not 0 < old_size <= len(leaves):
        raise BadInput("no-such-tree", f"There is no proof from {old_size} to {len(leaves)} entries")
    path: list[bytes] = []
    low, high, whole = 0, len(leaves), True
    while old_size != high:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append(root_of(leaves[middle:high]))
            high = middle
        else:
            path.append(root_of(leaves[low:middle]))
            low, whole = middle, False
    if not whole:
        path.append(root_of(leaves[low:high]))
    return tuple(reversed(path))


def verify_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Section 2.1.3.2 of RFC 9162.

    :raises VerificationError: the leaf is not at ``index`` of the tree of ``size`` leaves with this root.
    """
    if not 0 <= index < size:
        raise _unproven("inclusion")
    node, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise _unproven("inclusion")
        if node & 1 or node == last:
            found = node_hash(step, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, step)
        node, last = node >> 1, last >> 1
    if last != 0 or found != root:
        raise _unproven("inclusion")


def verify_consistency(old_size: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]) -> None:
    """Section 2.1.4.2 of RFC 9162.

    :raises VerificationError: the tree of ``old_size`` leaves is not a prefix of the tree of ``size`` leaves.
    """
    if not 0 <= old_size <= size:
        raise _unproven("consistency")
    if old_size in (0, size):
        expected = EMPTY_ROOT if old_size == 0 else root
        if path or old_root != expected:
            raise _unproven("consistency")
        return
    steps = list(path)
    if old_size & (old_size - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        raise _unproven("consistency")
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_found = found = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise _unproven("consistency")
        if node & 1 or node == last:
            old_found, found = node_hash(step, old_found), node_hash(step, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, step)
        node, last = node >> 1, last >> 1
    if last != 0 or old_found != old_root or found != root:
        raise _unproven("consistency")


def _split(size: int) -> int:
    """The largest power of two smaller than *size*."""
    return 1 << ((size - 1).bit_length() - 1)


def _unproven(what: str) -> VerificationError:
    return VerificationError(f"{what}-unproven", f"The {what} proof does not lead to the root", do="Do not trust the entry.")

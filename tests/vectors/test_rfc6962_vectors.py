"""The Merkle tree against the Certificate Transparency suite's tree of eight leaves (RFC 6962, section 2.1)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from airflow_privacy.core.ledger.merkle import (
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

REFERENCE = Path(os.environ.get("PRIVACY_REFERENCE_DATA", Path(__file__).parents[2] / "../shared/data"))
ENTRIES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
LEAVES = [leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
NODES = {
    "0": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "1": "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "4": "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "0-1": "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "2-3": "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "4-5": "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "6-7": "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "0-3": "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4-7": "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
}
INCLUSION = [
    (0, 1, ()),
    (0, 8, ("1", "2-3", "4-7")),
    (5, 8, ("4", "6-7", "0-3")),
    (2, 3, ("0-1",)),
    (1, 5, ("0", "2-3", "4")),
]
CONSISTENCY = [(1, 1, ()), (1, 8, ("1", "2-3", "4-7")), (2, 8, ("2-3", "4-7")), (6, 8, ("4-5", "6-7", "0-3"))]


def hashes(names: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(NODES[name]) for name in names)


@pytest.mark.parametrize("size", ROOTS)
def test_roots_are_the_published_ones(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size]


def test_roots_are_those_of_the_reference_file() -> None:
    path = REFERENCE / "vectors/merkle/rfc6962_roots.json"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    reference = json.loads(path.read_bytes())
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in reference["leaves_hex"]]
    assert {size: root_of(leaves[: int(size)]).hex() for size in reference["roots_by_size"]} == reference["roots_by_size"]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_paths_are_the_published_ones(index: int, size: int, path: tuple[str, ...]) -> None:
    assert inclusion_path(index, LEAVES[:size]) == hashes(path)
    verify_inclusion(index, size, LEAVES[index], hashes(path), root_of(LEAVES[:size]))


@pytest.mark.parametrize(("old", "size", "path"), CONSISTENCY)
def test_consistency_paths_are_the_published_ones(old: int, size: int, path: tuple[str, ...]) -> None:
    assert consistency_path(old, LEAVES[:size]) == hashes(path)
    verify_consistency(old, size, root_of(LEAVES[:old]), root_of(LEAVES[:size]), hashes(path))

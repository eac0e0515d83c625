"""Signed notes and checkpoints against published ones: Go's note package, the Go checksum database, the C2SP example."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from airflow_privacy.core.errors import VerificationError
from airflow_privacy.core.ledger.checkpoint import key_hash, parse_text, read_checkpoint, sign_note, verify_note

TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
PETER_LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"  # noqa: E501, RUF100
ENOCH = base64.b64decode("ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop")[1:]
ENOCH_LINE = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"  # noqa: E501, RUF100
SUMDB = base64.b64decode("Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")[1:]
SUMDB_NOTE = (
    "go.sum database tree\n31700353\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=\n\n"
    "— sum.golang.org Az3grnmrIUEDFqHzAElIQCPNoRFRAAdFo47fooyWKMHb89k11GJh5zHIfNCOBmwn/C3YI8oW9/C8DJ87F61QqspBYwM=\n"
)


class Peter:
    public_key = PETER

    def sign(self, message: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(PETER_SEED).sign(message)


@pytest.mark.parametrize(
    ("name", "key", "expected"),
    [("PeterNeumann", PETER, "c74f20a3"), ("EnochRoot", ENOCH, "af0cfe78"), ("sum.golang.org", SUMDB, "033de0ae")],
)
def test_key_hashes_are_the_published_ones(name: str, key: bytes, expected: str) -> None:
    assert key_hash(name, key).hex() == expected


def test_signing_gives_the_published_note() -> None:
    assert sign_note(TEXT, "PeterNeumann", Peter()) == f"{TEXT}\n{PETER_LINE}"


@pytest.mark.parametrize(("name", "key"), [("PeterNeumann", PETER), ("EnochRoot", ENOCH)])
def test_a_note_with_two_signatures_verifies_under_either_key(name: str, key: bytes) -> None:
    assert verify_note(f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}", name=name, public_key=key) == TEXT


def test_a_note_that_another_key_signed_is_refused() -> None:
    with pytest.raises(VerificationError, match="wrong-key"):
        verify_note(f"{TEXT}\n{PETER_LINE}", name="EnochRoot", public_key=ENOCH)


def test_the_go_checksum_databases_note_verifies() -> None:
    text = verify_note(SUMDB_NOTE, name="sum.golang.org", public_key=SUMDB)
    assert text.split("\n")[1] == "31700353"


def test_the_c2sp_example_reads() -> None:
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    )
    checkpoint = read_checkpoint(note)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex() == base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=").hex()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n1\n",
        "log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "log\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "log\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "log\n1\nCsUYapGG\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nextension\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(VerificationError, match="malformed-checkpoint"):
        parse_text(text)

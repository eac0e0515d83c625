"""Private temporary folders: who may read them, and when they are gone."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from airflow_privacy.core.errors import StorageUnavailable
from airflow_privacy.core.io.spool import Spool


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def next_spool() -> None:
    spool = Spool()
    spool.path()
    spool.close()


def test_a_spool_that_is_not_used_makes_no_folder(temporary: Path) -> None:
    Spool().close()
    assert list(temporary.iterdir()) == []


def test_a_spool_is_readable_by_its_owner_only(temporary: Path) -> None:
    spool = Spool()
    assert spool.folder.parent == temporary
    assert spool.folder.stat().st_mode & 0o777 == 0o700
    assert spool.keep([b"a", b"b"]).read_bytes() == b"ab"


def test_a_spool_goes_with_its_last_holder(temporary: Path) -> None:
    spool = Spool()
    spool.keep([b"x"])
    del spool
    gc.collect()
    assert list(temporary.iterdir()) == []


def test_a_spool_that_is_held_survives_another(temporary: Path) -> None:
    first = Spool()
    path = first.keep([b"x"])
    next_spool()
    assert path.read_bytes() == b"x"


def test_what_a_killed_process_left_is_removed_by_the_next_spool(temporary: Path) -> None:
    code = (
        "import os, signal; from airflow_privacy.core.io.spool import Spool; s = Spool(); s.keep([b'x']); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(temporary)}, check=False)
    assert done.returncode == -9
    assert len(list(temporary.iterdir())) == 1
    next_spool()
    assert list(temporary.iterdir()) == []


def test_a_process_that_ends_removes_its_spool(temporary: Path) -> None:
    code = "from airflow_privacy.core.io.spool import Spool; s = Spool(); s.keep([b'x'])"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(temporary)}, check=True)
    assert list(temporary.iterdir()) == []


def test_a_forked_child_leaves_its_parents_spool_alone(temporary: Path) -> None:
    code = (
        "import os, sys; from airflow_privacy.core.io.spool import Spool; s = Spool(); p = s.keep([b'x'])\n"
        "child = os.fork()\n"
        "if not child: sys.exit()\n"
        "os.waitpid(child, 0); sys.exit(not p.exists())"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(temporary)}, check=True)


def test_folders_of_others_are_left_alone(temporary: Path) -> None:
    (temporary / "airflow-privacy-spool-x").mkdir()
    (temporary / "victim").mkdir()
    (temporary / "victim" / "lock").touch()
    (temporary / "airflow-privacy-spool-y").symlink_to("victim")
    next_spool()
    assert {path.name for path in temporary.iterdir()} == {"airflow-privacy-spool-x", "airflow-privacy-spool-y", "victim"}
    assert (temporary / "victim" / "lock").exists()


def test_a_full_disk_can_be_tried_again() -> None:
    def full() -> object:
        raise OSError(28, "No space left on device")
        yield b""

    with pytest.raises(StorageUnavailable, match="No space left"):
        Spool().keep(full())  # type: ignore[arg-type]

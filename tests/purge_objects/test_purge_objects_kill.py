"""SIGKILL at random moments while objects go: nothing hidden can be read meanwhile, and a re-run ends in the same state."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from purge_bucket import fill, kept, key_of, old_years, quiet, target, versioned
from s3_bucket import Bucket

from airflow_privacy.core.io.purge.target import Pace
from airflow_privacy.core.model.codec import canonical

ROOT = Path(__file__).resolve().parents[2]
IN_EVERY_RUN = 3
MOMENTS = [pytest.param(number, marks=[pytest.mark.long] if number >= IN_EVERY_RUN else []) for number in range(20)]
KEYS = 60


@pytest.mark.parametrize("number", MOMENTS)
def test_a_killed_purge_shows_no_old_version_and_goes_on_to_the_same_end(
    bucket: Bucket, object_store: str, tmp_path: Path, number: int
) -> None:
    fill(versioned(bucket), KEYS, uploads=5)
    before = kept(bucket)
    found = target(bucket, old_years).find()
    assert found.listing is not None
    listing = tmp_path / "listing.json"
    listing.write_bytes(canonical(found.listing))
    support = ROOT / "tests" / "support"
    command = [sys.executable, str(support / "purge_objects_worker.py"), object_store, bucket.name, str(listing)]
    environment = {"PYTHONPATH": f"{ROOT}:{support}", "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(random.Random(number).uniform(0, 0.5))
        process.kill()
    newest = {f"secret {n} 2".encode() for n in range(KEYS)}
    deleted = {key_of(n) for n in range(KEYS) if n % 10 in (0, 9)}
    seen = {key: bucket.get(key) for key in bucket.objects("data/")}
    assert set(seen.values()) <= newest
    assert not deleted & set(seen)
    mine = target(bucket, old_years)
    mine.remove(found.step, found.listing.items, pace=Pace(), progress=quiet)
    looked = mine.look_again(found.step, found.listing.items)
    assert (looked.gone, looked.left) == (len(found.listing.items), 0)
    assert kept(bucket) == {one for one in before if "year=2022" not in one[1]}

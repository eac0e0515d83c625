"""How many calls a purge makes of S3's API for a thousand versions of keys: listing to find, deleting, listing to look again.

On moto's server, which counts nothing by itself: the client's calls are counted. Uploads, which are aborted one by one, are not
among them. ``purge.s3_calls_per_1000_keys`` is the largest of the three.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from purge_bucket import counted, fill, kept, old_years, quiet, target, versioned
from s3_bucket import aws_client, aws_services, new_bucket

from airflow_privacy.core.io.purge.target import Pace


def s3_calls_per_1000_keys(keys: int = 1_500) -> float:
    """The most calls for a thousand versions and markers, over the three passes of a purge."""
    with aws_services() as endpoint:
        bucket = versioned(new_bucket(aws_client("s3", endpoint)))
        fill(bucket, keys, uploads=0)
        there, mine = len(kept(bucket)), target(bucket, old_years)
        with counted(bucket.client) as to_find:
            found = mine.find()
        items = found.listing.items if found.listing else ()
        with counted(bucket.client) as to_delete:
            mine.remove(found.step, items, pace=Pace(), progress=quiet)
        left = len(kept(bucket))
        with counted(bucket.client) as to_look:
            mine.look_again(found.step, items)
    return max(
        to_find["ListObjectVersions"] / _thousands(there),
        to_delete["DeleteObjects"] / _thousands(len(items)),
        to_look["ListObjectVersions"] / _thousands(left),
    )


def _thousands(count: int) -> int:
    """A thousand that is begun counts: a call takes no more."""
    return -(-count // 1_000)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto's server logs each request
    print(f"purge.s3_calls_per_1000_keys {s3_calls_per_1000_keys():.2f}")

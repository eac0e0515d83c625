"""A process for the crash tests of purges on S3: deletes what a listing names, a few at a time, and is killed on the way.

``python purge_objects_worker.py ENDPOINT BUCKET LISTING``
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from purge_bucket import old_years, target
from s3_bucket import Bucket, aws_client

from airflow_privacy.core.io.purge import objects
from airflow_privacy.core.io.purge.target import Pace
from airflow_privacy.core.model.codec import parse
from airflow_privacy.core.model.purge import Listing, Step


def slowly(_done: int, _of: int) -> None:
    time.sleep(0.02)


def main(endpoint: str, bucket: str, listing: Path) -> None:
    objects._AT_ONCE = 10
    mine = target(Bucket(aws_client("s3", endpoint), bucket), old_years)
    items = parse(Listing, listing.read_bytes(), where="listing").items
    step = Step(method="delete-objects", uri=mine.uri, unit="objects", dataset="", counts={})
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    mine.remove(step, items, pace=Pace(), progress=slowly)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))

"""Presidio's rule for several findings of one entity in one text: one that another holds, with an equal or higher score, goes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from airflow_privacy.core.detect.recognize.matching import Matches
from airflow_privacy.core.detect.recognize.shape import Rows


def kept(found: Matches, group: Rows) -> npt.NDArray[np.bool_]:
    """Which rows stay, where only rows of one text and one *group* are compared.

    Of equal rows the first stays. Presidio compares with rows that stayed only; as what holds a row that went holds what that
    row holds, with no lower score, comparing with all comes to the same.
    """
    count = len(found.row)
    stays = np.ones(count, bool)
    if count < 2 or (found.row[1:] > found.row[:-1]).all():
        return stays  # one row a text
    order = np.lexsort((-found.score, found.start - found.end, found.start, group, found.row))
    row, kind = found.row[order], group[order]
    end, score = found.end[order], found.score[order]
    # In this order a row is held by an earlier one only. Step by step: neighbours first, then next neighbours, within a text.
    step, gone = 1, np.zeros(count, bool)
    later = np.arange(1, count)
    while True:
        later = later[later >= step]
        same = (row[later] == row[later - step]) & (kind[later] == kind[later - step])
        later = later[same]
        if len(later) == 0:
            break
        before = later - step
        gone[later] |= (end[later] <= end[before]) & (score[later] <= score[before])
        step += 1
    stays[order[gone]] = False
    return stays

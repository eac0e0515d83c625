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
    stays = np.ones(len(found.row), bool)
    several = np.flatnonzero(np.bincount(found.row)[found.row] > 1)
    if not len(several):
        return stays  # one row a text
    some, kind = found.where(several), group[several]
    order = np.lexsort((-some.score, some.start - some.end, some.start, kind, some.row))
    (row, _, end, score), kind = some.where(order), kind[order]
    # In this order a row is held by an earlier one only. Step by step: neighbours first, then next neighbours, within a text.
    step, gone = 1, np.zeros(len(order), bool)
    later = np.arange(1, len(order))
    while True:
        later = later[later >= step]
        same = (row[later] == row[later - step]) & (kind[later] == kind[later - step])
        later = later[same]
        if len(later) == 0:
            break
        before = later - step
        gone[later] |= (end[later] <= end[before]) & (score[later] <= score[before])
        step += 1
    stays[several[order[gone]]] = False
    return stays

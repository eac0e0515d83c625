"""Trains the model of the names package on generated sentences.

PYTHONPATH=LISTS python training/names/train.py OUT.npz [SENTENCES] [EPOCHS]
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import scipy.sparse as sp
import sources
from generate import Maker
from templates import templates

from airflow_privacy.core.detect.names.context import Context, look
from airflow_privacy.core.detect.names.features import PLACES, size
from airflow_privacy.core.detect.names.lexicon import lexicon
from airflow_privacy.core.detect.names.model import LABELS, OFFSETS, Model, scores, windows

HIDDEN = 32
BATCH = 4096
RATE = 0.004
SEED = 7


def vocabulary() -> tuple[list[str], list[str]]:
    """Words that the model knows beside their levels (never names), and endings of words."""
    listed = lexicon()
    in_templates = Counter(word for lines in templates().values() for line in lines for word in sources.words_of(line))
    frequent = set(listed.filter((pl.col("common") >= 5) & (pl.col("word").str.contains(r"^\p{L}{1,14}$")))["word"])
    first = dict(listed.filter(pl.col("first") >= 4).select("word", "common").iter_rows())
    words = sorted(word for word in frequent | set(in_templates) if first.get(word, 9) >= 4 and len(word) > 1)
    endings = Counter(word[-3:] for word in listed["word"] if word.isalpha() and len(word) >= 4 and word.isascii())
    marks = [*list("!\"#$%&'()*+,-./:;<=>?@[]_|"), "\n", "i", "a", "u"]
    return [*marks, *(word for word in words if word not in marks)], sorted(ending for ending, _ in endings.most_common(1200))


def labelled(maker: Maker, sentences: int, words: list[str], endings: list[str]) -> tuple[Context, np.ndarray]:
    texts, spans = zip(*(maker.sentence() for _ in range(sentences)), strict=True)
    context = look(pl.Series(texts), words, endings)
    labels = np.zeros(context.table.height, dtype=np.int64)
    rows = pl.DataFrame(
        [(at, start, end, LABELS.index(label)) for at, found in enumerate(spans) for start, end, label in found],
        schema={"at": pl.UInt32, "from": pl.UInt32, "to": pl.UInt32, "label": pl.Int64}, orient="row",
    )  # fmt: skip
    table = context.table.with_row_index("row").select("row", "at", "start")
    hits = table.join_asof(rows.sort("at", "from"), left_on="start", right_on="from", by="at", check_sortedness=False)
    hits = hits.filter(pl.col("start") < pl.col("to"))
    labels[hits["row"].to_numpy()] = hits["label"].to_numpy()
    return context, labels


def matrix(context: Context, rows: np.ndarray, features: int) -> sp.csr_matrix:
    """One sparse row a place: features of its window, then of the place."""
    window = windows(context.piece, context.table["at"].to_numpy())[:, rows]
    columns = []
    for number in range(len(OFFSETS)):
        inside = context.pieces[window[number]] + number * (features + 1)
        columns.append(np.where(window[number][:, None] >= 0, inside, number * (features + 1) + features))
    columns.append(context.places[rows] + len(OFFSETS) * (features + 1))
    flat = np.concatenate(columns, axis=1)
    ones = np.ones(flat.size, dtype=np.float32)
    shape = (len(rows), len(OFFSETS) * (features + 1) + PLACES)
    return sp.csr_matrix((ones, flat.ravel(), np.arange(0, flat.size + 1, flat.shape[1])), shape=shape)


class Adam:
    def __init__(self, values: np.ndarray) -> None:
        self.values, self.mean, self.square = values, np.zeros_like(values), np.zeros_like(values)

    def step(self, gradient: np.ndarray, rate: float, number: int) -> None:
        self.mean += 0.1 * (gradient - self.mean)
        self.square += 0.001 * (gradient * gradient - self.square)
        fix = np.sqrt(1 - 0.999**number) / (1 - 0.9**number)
        self.values -= rate * fix * self.mean / (np.sqrt(self.square) + 1e-8)


def train(context: Context, labels: np.ndarray, features: int, epochs: int) -> list[np.ndarray]:
    rng = np.random.default_rng(SEED)
    rows = np.flatnonzero(context.candidate)
    inputs = len(OFFSETS) * (features + 1) + PLACES
    parts = [
        Adam(rng.normal(0, 0.08, (inputs, HIDDEN)).astype(np.float32)),
        Adam(np.zeros(HIDDEN, dtype=np.float32)),
        Adam(rng.normal(0, 0.2, (HIDDEN, len(LABELS))).astype(np.float32)),
        Adam(np.zeros(len(LABELS), dtype=np.float32)),
    ]
    step, steps = 0, epochs * (len(rows) // BATCH + 1)
    for epoch in range(epochs):
        began, losses = time.time(), []
        rng.shuffle(rows)
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            x = matrix(context, part, features)
            # Some features are hidden now and then, so that the others learn to do without.
            x.data *= rng.random(x.nnz, dtype=np.float32) > 0.12
            x.data /= 0.88
            w, b, v, c = (one.values for one in parts)
            before = x @ w + b
            hidden = np.maximum(before, 0)
            kept = (rng.random(hidden.shape, dtype=np.float32) > 0.2) / np.float32(0.8)
            hidden *= kept
            out = hidden @ v + c
            out = np.exp(out - out.max(1, keepdims=True))
            out /= out.sum(1, keepdims=True)
            truth = labels[part]
            losses.append(-np.log(out[np.arange(len(part)), truth] + 1e-9).mean())
            out[np.arange(len(part)), truth] -= 1
            out /= len(part)
            back = (out @ v.T) * kept * (before > 0)
            step += 1
            rate = RATE * (1 - step / (steps + 1))
            for one, gradient in zip(parts, (x.T @ back + 1e-6 * w, back.sum(0), hidden.T @ out, out.sum(0)), strict=True):
                one.step(gradient, rate, step)
        print(f"epoch {epoch}: loss {np.mean(losses):.4f}, {time.time() - began:.0f} s", flush=True)
    return [one.values for one in parts]


def main() -> None:
    out = Path(sys.argv[1])
    sentences, epochs = (int(value) for value in (*sys.argv[2:], 60_000, 5)[:2])
    words, endings = vocabulary()
    features = size(words, endings)
    print(f"{len(words)} words, {len(endings)} endings, {features} features")
    maker = Maker(SEED, lexicon())
    context, labels = labelled(maker, sentences, words, endings)
    print(f"{context.table.height} pieces, {context.candidate.sum()} candidates, labels {np.bincount(labels)}")
    missed = (labels > 0) & ~context.candidate
    print(f"gate misses {missed.sum() / max((labels > 0).sum(), 1):.3f} of the labelled")
    weights = train(context, labels, features, epochs)
    model = Model.pack(words, endings, *weights)
    model.save(out)
    held, truth = labelled(maker, 4000, words, endings)
    guess = scores(Model.load(out.open("rb")), held)
    for number, label in enumerate(LABELS[1:], 1):
        for limit in (0.2, 0.35, 0.5):
            said, true = guess[:, number] >= limit, truth == number
            hit = (said & true).sum()
            print(f"{label} at {limit}: P {hit / max(said.sum(), 1):.3f} R {hit / max(true.sum(), 1):.3f}")
    print(f"{out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

"""A benchmark's command line, and each of its sides in a process of its own, with its figure and its peak of memory."""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Side: TypeAlias = Callable[[Path, Path], tuple[float, float]]
"""Measures one side, of a table, with a path to write to: its figure (seconds, or values a second) and its processor seconds."""

Show: TypeAlias = Callable[[str, float, str], None]
"""Prints a figure: name, value, unit; NaN is not available."""


class Clock:
    """Seconds, and seconds of processor, since it was made; what imports left is looked through for garbage before."""

    def __init__(self) -> None:
        gc.collect()
        self._begun, self._used = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Both."""
        return time.perf_counter() - self._begun, time.process_time() - self._used


@dataclass(frozen=True)
class Measured:
    """A side's figure, its seconds of processor, and its peak of resident memory in MiB."""

    figure: float
    used: float
    mib: float


def measure(script: str, side: str, table: Path, out: Path) -> Measured:
    """Run one side of *script*."""
    command = [sys.executable, "-W", "ignore", script, "--side", side, "--table", str(table), "--out", str(out)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def run(description: str | None, sides: Mapping[str, Side], figures: Callable[[bool, Path, Show], None], *, quick: str) -> int:
    """The command line: ``name value unit`` lines as they come, or one JSON document; and what :func:`measure` starts."""
    asked = argparse.ArgumentParser(description=description.splitlines()[0] if description else None)
    asked.add_argument("--quick", action="store_true", help=quick)
    asked.add_argument("--json", action="store_true", help="one JSON document")
    asked.add_argument("--side", choices=sides, help=argparse.SUPPRESS)
    asked.add_argument("--table", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.side:
        _run_side(sides[given.side], given.table, given.out)
        return 0
    found: dict[str, dict[str, object]] = {}

    def show(name: str, value: float, unit: str) -> None:
        known = value == value
        found[name] = {"value": round(value, 2) if known else None, "unit": unit}
        if not given.json:
            print(f"{name} {value:,.2f} {unit}" if known else f"{name} not available", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        figures(given.quick, Path(folder), show)
    if given.json:
        print(json.dumps(found))
    return 0


def _run_side(side: Side, table: Path, out: Path) -> None:
    figure, used = side(table, out)
    # VmHWM begins anew with each program, unlike getrusage's peak, which a child takes over from its parent.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"figure": figure, "used": used, "mib": int(peak.split()[1]) / 1024}))

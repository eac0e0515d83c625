"""One side of a comparison in a process of its own, with its seconds and its peak of memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


class Clock:
    """Seconds, and seconds of processor, since it was made."""

    def __init__(self) -> None:
        self._begun, self._used = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Both."""
        return time.perf_counter() - self._begun, time.process_time() - self._used


@dataclass(frozen=True)
class Measured:
    """A side's seconds, its seconds of processor, and its peak of resident memory in MiB."""

    seconds: float
    used: float
    mib: float


def measure(script: str, side: str, *arguments: str | Path) -> Measured:
    """Run one side of *script* by ``--side``; the rest are its arguments."""
    command = [sys.executable, "-W", "ignore", script, "--side", side, *(str(argument) for argument in arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def run_side(sides: Mapping[str, Callable[..., tuple[float, float]]], side: str, arguments: list[str]) -> None:
    """What :func:`measure` starts."""
    seconds, used = sides[side](*(Path(argument) for argument in arguments))
    # VmHWM begins anew with each program, unlike getrusage's peak, which a child takes over from its parent.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "used": used, "mib": int(peak.split()[1]) / 1024}))

"""Runs a command and leaves no process behind, however the caller ends.

``python launcher.py MARKER GRACE COMMAND…`` with a pipe as standard input. The command ends when the pipe closes: when the caller
closes it, and also when the caller was killed, since the kernel closes its end. Airflow puts each task into a process group of
its own, and some tasks start sessions, so a signal to one group is not enough: what belongs to us is found by session, by descent
and by an environment variable that every child inherits. Not found: a process that left the session, lost its parent and cleared
its environment.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

import psutil  # type: ignore[import-untyped]

MARKER = "AIRFLOW_PRIVACY_HARNESS"
_GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


def belonging_to(marker: str, session: int | None = None) -> list[psutil.Process]:
    """Live processes that carry the marker or belong to the session, and their descendants; never the calling process."""
    ours: dict[int, psutil.Process] = {}
    children: dict[int, list[psutil.Process]] = {}
    for process in psutil.process_iter():
        with suppress(*_GONE, OSError):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            children.setdefault(process.ppid(), []).append(process)
            if (session is not None and os.getsid(process.pid) == session) or process.environ().get(MARKER) == marker:
                ours[process.pid] = process
    unseen = list(ours)
    while unseen:
        for process in children.get(unseen.pop(), []):
            if process.pid not in ours:
                ours[process.pid] = process
                unseen.append(process.pid)
    return list(ours.values())


def end_all(marker: str, session: int | None, grace: float) -> None:
    """SIGTERM to everything that belongs to the marker, SIGKILL to what is left after ``grace`` seconds."""
    deadline = time.monotonic() + grace
    asked: set[int] = set()
    while left := belonging_to(marker, session):
        late = time.monotonic() > deadline
        for process in left:
            if late or process.pid not in asked:
                asked.add(process.pid)
                with suppress(*_GONE):
                    process.send_signal(signal.SIGKILL if late else signal.SIGTERM)
        if time.monotonic() > deadline + 10:
            return  # the caller looks again and says which are left
        psutil.wait_procs(left, timeout=0.3)


def main(arguments: Sequence[str]) -> int:
    marker, grace, *command = arguments
    caller = os.getppid()
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    # A forked relative of the caller may hold a copy of the pipe, so the parent's id is looked at too.
    while child.poll() is None and not asked and os.getppid() == caller:
        if select.select([sys.stdin], [], [], 0.5)[0] and not os.read(sys.stdin.fileno(), 1):
            break
    # Only a session of our own may be swept: inherited from a terminal, it holds the user's other programs.
    end_all(marker, os.getpid() if os.getsid(0) == os.getpid() else None, float(grace))
    child.wait()
    return child.returncode if child.returncode > 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Chromium without a window, driven over its DevTools protocol."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--window-size=1500,1800",
    "--remote-debugging-port=0",
)


def installed() -> str | None:
    """Where Chromium is."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Tab:
    """One page."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._number = socket, 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            reply = json.loads(self._socket.recv(timeout=60))
            if reply.get("id") == self._number:
                assert "error" not in reply, reply["error"]
                result: dict[str, Any] = reply["result"]
                return result

    def run(self, script: str) -> Any:
        """The value of an expression."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)["result"].get("value")

    def wait(self, script: str, seconds: float = 60) -> Any:
        """The first value of an expression that counts as true."""
        deadline = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < deadline, f"never true: {script}; the page says {self.run('document.body.innerText')!r}"
            time.sleep(0.25)
        return value


@contextmanager
def browsing(program: str) -> Iterator[Browser]:
    """A browser with a profile of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "HOME": profile},
        )
        try:
            yield Browser(_port(Path(profile), process))
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Browser:
    """What is open."""

    def __init__(self, port: int) -> None:
        self._port = port

    def urls(self) -> dict[str, str]:
        """The address of every page by its id."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/json/list", timeout=30) as reply:
            return {page["id"]: page["url"] for page in json.loads(reply.read()) if page["type"] == "page"}

    @contextmanager
    def tab(self, number: str | None = None) -> Iterator[Tab]:
        """A page that is open; the first one by default."""
        page = number or next(iter(self.urls()))
        with connect(f"ws://127.0.0.1:{self._port}/devtools/page/{page}", max_size=None, proxy=None) as socket:
            yield Tab(socket)


def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    told = profile / "DevToolsActivePort"
    deadline = time.monotonic() + 60
    while not told.exists() or not told.read_text().strip():
        assert process.poll() is None, "Chromium ended while it was starting"
        assert time.monotonic() < deadline, "Chromium did not start"
        time.sleep(0.1)
    return int(told.read_text().splitlines()[0])

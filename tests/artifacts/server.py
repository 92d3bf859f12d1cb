"""Servers that tests talk to: real ones, on a free port of this machine."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def serving(command: list[str], log: Path) -> Iterator[str]:
    """The URL of a server, started by a command in which ``{port}`` is replaced."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [word.replace("{port}", str(port)) for word in command]
    with log.open("wb") as output:
        server = subprocess.Popen(words, stdout=output, stderr=output)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, server, log)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=120)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1200):
        try:
            urllib.request.urlopen(url, timeout=60).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(log.read_text())

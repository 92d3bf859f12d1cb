"""Where a run happens: the machine and the user."""

from __future__ import annotations

import functools
import getpass
import os
import platform
import socket
import time
from typing import Any

from whence.store.process import start_of


@functools.cache
def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def process_start() -> float:
    """When this process began, in seconds since 1970-01-01 UTC, to a hundredth of a second."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        import psutil

        return float(psutil.Process().create_time())
    ticks = start_of(os.getpid()) or 0.0
    running = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - running


@functools.cache
def user() -> str:
    """The name of the user, or the number where the system knows no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


@functools.cache
def machine() -> dict[str, Any]:
    """The machine's system, release, architecture, number of CPUs and memory in bytes."""
    system = os.uname()
    return {
        "system": system.sysname,
        "release": system.release,
        "architecture": system.machine,
        "cpus": os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "python": platform.python_version(),
    }

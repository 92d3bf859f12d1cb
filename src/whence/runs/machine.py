"""Where a run happens: the machine and the user."""

from __future__ import annotations

import functools
import os
import platform
import socket
import time
from typing import Any

from whence.store.process import start_of, user_name


@functools.cache
def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def process_start() -> float:
    """When this process began, in seconds since 1970-01-01 UTC, to a hundredth of a second."""
    return _began(os.getpid())


@functools.lru_cache(maxsize=1)  # the child of a fork began later
def _began(pid: int) -> float:
    if not hasattr(time, "CLOCK_BOOTTIME"):
        import psutil

        return float(psutil.Process(pid).create_time())
    ticks = start_of(pid) or 0.0
    running = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - running


@functools.cache
def user() -> str:
    """The name of the user, or the number where the system knows no name."""
    return user_name() or str(os.getuid())


@functools.cache
def system() -> dict[str, Any]:
    """The machine and its system, in the words that Simvue has for them.

    Memory is in bytes; ``cpu.count`` counts what this process may use of ``cpu.total``.
    """
    told = os.uname()
    return {
        "hostname": host(),
        "pythonversion": platform.python_version(),
        "platform": {
            "system": told.sysname,
            "release": told.release,
            "version": told.version,
        },
        "cpu": {
            "arch": told.machine,
            "processor": _processor(),
            "count": processors(),
            "total": os.cpu_count(),
        },
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }


def _processor() -> str:
    """The name of the processor's model, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            lines = file.read(4096).splitlines()
    except OSError:
        return platform.processor()
    told = dict(line.split(":", 1) for line in lines if ":" in line)
    names = {key.strip(): value.strip() for key, value in told.items()}
    return names.get("model name") or names.get("Model") or ""


def processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1

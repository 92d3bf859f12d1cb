"""Which process this is, and whether another one still lives."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SILENT = 1800.0
"""A process on another host that has written nothing for so many seconds counts as dead.

It is long because a process may be stuck for minutes in compiled code.
"""


def this_process() -> dict[str, Any]:
    """Facts that tell this process from every other: host, boot, pid space, pid, start."""
    pid = os.getpid()
    return {
        "host": platform.node(),
        "boot": boot_id(),
        "space": _pid_space(),
        "pid": pid,
        "start": start_of(pid),
    }


def user_name() -> str | None:
    """Who runs this process by its uid, whatever ``LOGNAME`` and ``USER`` say.

    None where the machine has no name for the uid, and the environment tells none.
    """
    import getpass
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        pass
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


def enclosing_run(root: Path) -> str | None:
    """The run in this store that this process was started by, as ``WHENCE_RUN`` tells it.

    None where ``WHENCE_RUN_STORE`` tells that it is on record in another store.
    """
    run, store = os.environ.get("WHENCE_RUN"), os.environ.get("WHENCE_RUN_STORE")
    if not run or not store:
        return run or None
    try:
        return run if os.path.samefile(store, root) else None
    except OSError:  # it is gone
        return None


def boot_id() -> str:
    """The name of this boot of this machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        import psutil

        return f"{platform.node()}-{int(psutil.boot_time())}"


def start_of(pid: int) -> float | None:
    """When the process began, on a scale of its own; None if there is none or it is a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None if Path("/proc/self").exists() else _start_elsewhere(pid)
    except (ProcessLookupError, PermissionError):
        return None
    fields = text.rpartition(")")[2].split()  # the name before may hold blanks and brackets
    return None if fields[0] in "ZX" else float(fields[19])


def is_alive(process: Mapping[str, Any] | None, last: float | None, now: float) -> bool | None:
    """Whether the process that wrote is still there; None if nothing is known of it.

    Parameters
    ----------
    process : mapping, optional
        What `this_process` gave there.
    last : float, optional
        When its writer's last line was written, in seconds since 1970.
    now : float
        The time now.
    """
    facts = process or {}
    if facts.get("boot") == boot_id() and facts.get("space") in (None, _pid_space()):
        start = start_of(int(facts["pid"])) if facts.get("pid") else None
        return start is not None and start == facts.get("start", start)
    if facts.get("host") == platform.node() and facts.get("boot") not in (None, boot_id()):
        return False  # the machine was started again since
    if last is None:
        return None
    return now - last < SILENT


def _pid_space() -> str | None:
    """Containers share the boot but not the numbers of processes."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


def _start_elsewhere(pid: int) -> float | None:
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None

"""What a tree of processes uses: processor, memory, disk, and the GPUs of the machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_MIB = float(1 << 20)
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process has used so far: seconds of processor; bytes of memory, read, written."""

    cpu: float
    memory: int
    read: int
    written: int


class Probe:
    """Reads what a process and its descendants use.

    Parameters
    ----------
    pid : int
        The process at the root of the tree.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._at = 0.0
        self._cpu: dict[int, float] = {}
        self._gone = [0.0, 0.0]
        self._disk: dict[int, tuple[int, int]] = {}

    def read(self) -> dict[str, float]:
        """The names and values of metrics; empty where the process is gone.

        Processor time is a percentage of one core since the last reading, at first since the
        process began; memory and disk are MiB.
        """
        now = time.monotonic()
        there = {pid: use for pid in tree(self._pid) if (use := usage(pid)) is not None}
        if not there:
            return {}
        spent = sum(max(use.cpu - self._cpu.get(pid, 0.0), 0.0) for pid, use in there.items())
        passed = now - self._at if self._at else age(self._pid)
        self._at, self._cpu = now, {pid: use.cpu for pid, use in there.items()}
        for pid, (read, written) in self._disk.items():
            if pid not in there:
                self._gone[0] += read
                self._gone[1] += written
        self._disk = {pid: (use.read, use.written) for pid, use in there.items()}
        return {
            "resources/cpu.usage.percentage": round(100.0 * spent / max(passed, 1e-3), 2),
            "resources/cpu.usage.memory": sum(use.memory for use in there.values()) / _MIB,
            "resources/disk.read": (self._gone[0] + sum(u.read for u in there.values())) / _MIB,
            "resources/disk.written": (self._gone[1] + sum(u.written for u in there.values()))
            / _MIB,
            **gpu_use(),
        }


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    if not _PROC.joinpath("self", "stat").exists():
        return _tree_elsewhere(pid)
    found = [pid]
    for one in found:  # it grows meanwhile
        found.extend(_children(one))
    return found


def _children(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                yield from map(int, _text(f"/proc/{pid}/task/{thread}/children").split())


def usage(pid: int) -> Usage | None:
    """What a process has used so far; None where it is gone."""
    try:
        fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    except OSError:
        return _usage_elsewhere(pid) if not _PROC.joinpath("self", "stat").exists() else None
    if fields[0] in "ZX":
        return None
    read = written = 0
    with contextlib.suppress(OSError, ValueError):  # other users' processes do not tell
        told = dict(line.split(": ") for line in _text(f"/proc/{pid}/io").splitlines())
        read, written = int(told["read_bytes"]), int(told["write_bytes"])
    cpu = (int(fields[11]) + int(fields[12])) / _TICKS
    return Usage(cpu, int(fields[21]) * _PAGE, read, written)


def age(pid: int) -> float:
    """Seconds since a process began."""
    try:
        ticks = int(_text(f"/proc/{pid}/stat").rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / _TICKS
    except (OSError, AttributeError):
        return float("inf")


def gpu_use() -> dict[str, float]:
    """Use of processor and memory of each GPU in percent; empty where there is none."""
    values = {}
    for number, row in enumerate(_smi("utilization.gpu,memory.used,memory.total")):
        with contextlib.suppress(ValueError):
            busy, used, total = map(float, row)
            values[f"resources/gpu.utilisation.percent.{number}"] = busy
            values[f"resources/gpu.utilisation.memory.{number}"] = 100.0 * used / total
    return values


def gpus() -> list[dict[str, str]]:
    """Name, driver and memory of each GPU, as ``nvidia-smi`` tells them."""
    keys = ("name", "driver", "memory")
    return [dict(zip(keys, row, strict=True)) for row in _smi("name,driver_version,memory.total")]


def _smi(query: str) -> list[list[str]]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        done = subprocess.run(
            [program, f"--query-gpu={query}", "--format=csv,noheader,nounits"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    width = query.count(",") + 1
    rows = [[word.strip() for word in line.split(",")] for line in done.stdout.splitlines()]
    return [row for row in rows if len(row) == width]


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def _tree_elsewhere(pid: int) -> list[int]:
    import psutil

    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.Error:
        return []


def _usage_elsewhere(pid: int) -> Usage | None:
    import psutil

    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        return Usage(times.user + times.system, process.memory_info().rss, 0, 0)
    except psutil.Error:
        return None

"""Importing is cheap and has no effect: what is heavy is imported where it is used."""

import json
import subprocess
import sys

import pytest

HEAVY = ("numpy", "pandas", "xarray", "matplotlib", "h5py", "scipy", "dask", "rich", "networkx")
LIGHT_ROOMS = ("base", "params", "store", "records", "runs", "sweep", "tasks")
PROGRAM = """
import json, sys
before = set(sys.modules)
import {module}
print(json.dumps(sorted({{name.split(".")[0] for name in set(sys.modules) - before}})))
"""


def imported_by(module: str) -> set[str]:
    command = [sys.executable, "-c", PROGRAM.format(module=module)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", ["whence", *(f"whence.{room}" for room in LIGHT_ROOMS)])
def test_recording_and_finding_import_nothing_heavy(module: str) -> None:
    assert imported_by(module) & set(HEAVY) == set()


def test_import_makes_no_file_and_no_thread(tmp_path: object) -> None:
    program = "import os, threading, whence; print(os.listdir(), threading.active_count())"
    command = [sys.executable, "-B", "-c", program]
    done = subprocess.run(command, cwd=str(tmp_path), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] 1"

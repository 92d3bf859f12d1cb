"""The commands that people type first."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SET_UP = ROOT / "tools" / "set_up.sh"


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "target", ["demo", "test", "test-all", "lint", "format", "bench", "docs", "clean"]
)
def test_target_is_there_and_listed(target: str) -> None:
    assert run("make", "--dry-run", target).returncode == 0
    assert f"make {target} " in run("make").stdout


def test_ci_runs_lint_and_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert [line for line in script.read_text().splitlines() if line.startswith("make")] == [
        "make lint",
        "make test",
    ]


def test_chosen_interpreter_that_does_not_run_is_refused(tmp_path: Path) -> None:
    done = run("bash", SET_UP, tmp_path / "venv", "nothing", PYTHON=str(tmp_path / "python"))
    assert done.returncode != 0
    assert "does not run, or is older than 3.11" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_old_interpreter_is_refused_and_no_other_taken(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = run("bash", SET_UP, tmp_path / "venv", "nothing", PYTHON=str(old))
    assert done.returncode != 0
    assert "older than 3.11" in done.stderr

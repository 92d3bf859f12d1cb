"""The tutorial's commands do what it says, in its order."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


def commands() -> list[str]:
    """The lines that a reader types, up to those about a program of their own."""
    text = TUTORIAL.read_text().split("## Your own program")[0]
    blocks = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [line.removeprefix("$ ") for line in lines]


def environment(cache: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WHENCE_")}
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    return {**kept, "PATH": path, "WHENCE_CACHE": str(cache)}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each command printed, typed in the tutorial's order."""
    here = tmp_path_factory.mktemp("tutorial")
    variables = environment(here / "cache")

    def call(command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=here, env=variables, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    printed = {}
    for command in commands():
        if command.startswith("cd "):
            here = here / command.removeprefix("cd ")
            continue
        typed = command
        if "RUN" in command:
            (newest,) = json.loads(call("whence list --limit 1 --json"))
            typed = command.replace("RUN", newest["id"])
        printed[command] = call(typed)
    return printed


def test_every_step_is_a_command(said: dict[str, str]) -> None:
    verbs = [command.split()[1] for command in said]
    assert verbs == ["demo", "sweep", "list", "show", "tree", "plot", "trace"]


def test_sweep_after_the_demo_runs_nothing(said: dict[str, str]) -> None:
    (sweep,) = [text for command, text in said.items() if command.startswith("whence sweep")]
    assert "30 done before" in sweep


def test_trace_names_what_varied(said: dict[str, str]) -> None:
    (trace,) = [text for command, text in said.items() if command.startswith("whence trace")]
    assert "max_step_size" in trace
    assert "mean_random_walk" in trace

"""What the page on artifacts shows is what happens."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from whence.testing.command import CommandLine

PAGE = (Path(__file__).parents[2] / "docs" / "artifacts.md").read_text()


@pytest.fixture(scope="module")
def whence(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    folder = tmp_path_factory.mktemp("artifacts")
    (folder / "results").mkdir()
    (folder / "results" / "out.txt").write_text("1\n")
    return CommandLine(folder, folder / "cache")


def test_python_and_then_the_command_line(whence: CommandLine) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    (said,) = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
    whence("init")
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=whence.cwd,
        env=whence.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == said
    (typed,) = re.findall(r"```console\n(.*?)```", PAGE, flags=re.DOTALL)
    commands = [line.removeprefix("$ whence ").split() for line in typed.splitlines()]
    answers = [whence(*words).stdout for words in commands]
    assert answers[0].startswith("saved 1 file")
    assert "results/out.txt" in answers[1]
    assert answers[2].startswith("got 1 file")
    assert answers[3] == "units lj\n"

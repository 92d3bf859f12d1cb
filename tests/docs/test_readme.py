"""The commands of the README do what it says, with a program where it has one."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from whence.testing.command import CommandLine

README = (Path(__file__).parents[2] / "README.md").read_text()
SOLVER = """\
#!/bin/sh
nu=0 seed=0 out=out
while [ $# -gt 0 ]; do
    case $1 in
        --nu) nu=$2 ;; --seed) seed=$2 ;; --out) out=$2 ;;
    esac
    shift
done
mkdir -p "$out"
echo "t,energy" > "$out/energy.csv"
echo "0,$nu$seed" >> "$out/energy.csv"
"""
PLOTS = """\
figure:
  creator: universe
  universes: first
  module_file: draw.py
  plot_func: draw
  use_dag: true
  select: {energy: energy}
"""
DRAW = """\
def draw(*, data, hlpr):
    hlpr.ax.plot(data["energy"]["t"], data["energy"]["energy"], "o")
"""


def commands() -> list[str]:
    """The lines that begin with whence, in order."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", README, re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.startswith("whence ")]


@pytest.fixture
def project(tmp_path: Path) -> CommandLine:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "solver").write_text(SOLVER)
    (folder / "solver").chmod(0o755)
    (folder / "mesh.dat").write_text("mesh\n")
    (space,) = re.findall(r"```yaml\n(.*?)```", README, re.S)
    (folder / "space.yml").write_text(space.replace("range: [10]", "range: [4]"))
    (folder / "plots.yml").write_text(PLOTS)
    (folder / "draw.py").write_text(DRAW)
    return CommandLine(folder, tmp_path / "cache")


def test_its_commands(project: CommandLine) -> None:
    lines = commands()
    assert len(lines) > 10
    for line in lines:
        if "figure.pdf" in line and not (project.cwd / "figure.pdf").exists():
            (drawn,) = project.cwd.glob("runs/space/eval/*/figure/*.pdf")
            shutil.copy(drawn, project.cwd / "figure.pdf")
        python, *_ = project.words()
        done = subprocess.run(
            ["bash", "-c", f'whence() {{ {python} -m whence "$@"; }}; {line}'],
            cwd=project.cwd,
            env=project.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert "<svg" in (project.cwd / "lineage.html").read_text()


def test_its_links_lead_somewhere() -> None:
    root = Path(__file__).parents[2]
    places = re.findall(r"\]\(([^)#]+)", README)
    assert [place for place in places if ":" not in place and not (root / place).exists()] == []

"""What the repository promises about itself, and what must never be in it."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = [
    line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")
]


def name_of(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def tracked() -> list[Path]:
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout; git clone the repository to run this")
    files = (ROOT / name for name in done.stdout.split("\0") if name)
    return [file for file in files if file.is_file()]


def test_constraints_are_versions_and_nothing_else() -> None:
    assert [
        line for line in PINS if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)
    ] == []
    names = [name_of(line) for line in PINS]
    assert len(names) == len(set(names))


def test_every_direct_requirement_is_pinned() -> None:
    extras = [item for extra in PROJECT["optional-dependencies"].values() for item in extra]
    wanted = {name_of(item) for item in [*PROJECT["dependencies"], *extras]} - {"whence"}
    assert wanted - {name_of(line) for line in PINS} == set()


def test_all_is_every_optional_part_but_the_heavy_ones() -> None:
    extras = PROJECT["optional-dependencies"]
    heavy = {"torch", "mlflow"}
    parts = set(extras) - {"all", *heavy, "lammps", "test", "lint", "docs", "dev"}
    (everything,) = extras["all"]
    assert everything == f"whence[{','.join(sorted(parts, key=list(extras).index))}]"


def test_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert PROJECT["license"] == "Apache-2.0"


def test_no_machine_is_named() -> None:
    """No home or workplace path, no package registry, no key is in a tracked text file."""
    forbidden = re.compile(
        r"/(?:home|Users)/\w+/|/root/\.|/work/(?:main|shared)|index-url"
        r"|BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}"
    )
    found = []
    for file in tracked():
        if file == Path(__file__):
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{file.relative_to(ROOT)}: {hit}" for hit in forbidden.findall(text)]
    assert found == []

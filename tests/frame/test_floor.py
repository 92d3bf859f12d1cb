"""Every room is in the contracts that `make lint` checks, on the floor that DESIGN gives it."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]


def rooms() -> set[str]:
    folders = (path.parent for path in (ROOT / "src" / "whence").glob("*/*.py"))
    return {folder.name for folder in folders if folder.name != "demo"}


def test_every_room_has_a_floor() -> None:
    layers = CONTRACTS[0]["layers"]
    floors = {name.strip("() ") for layer in layers for name in layer.split("|")}
    assert rooms() - floors == set(CONTRACTS[0]["exhaustive_ignores"]) & rooms()
    assert CONTRACTS[0]["exhaustive"] is True


def test_no_room_may_import_testing() -> None:
    named = {name.removeprefix("whence.") for name in CONTRACTS[1]["source_modules"]}
    assert named == rooms() - {"testing"}

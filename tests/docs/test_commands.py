"""The page of commands says what the commands say."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_is_current() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "commands.py"))
    written = tool["PAGE"].read_text(encoding="utf-8")
    assert written == tool["page"](), "commands have changed: run `python tools/commands.py`"

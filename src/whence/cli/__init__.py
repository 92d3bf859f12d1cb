"""The command line: parse, call one use case, render."""

from __future__ import annotations

import os

__all__ = ["main"]


def main() -> None:
    """Run the command line, or answer the shell that completes it."""
    if "_WHENCE_COMPLETE" in os.environ:
        from whence.cli.shell import offered

        text = offered(os.environ)
        if text is not None:
            print(text)
            return
    from whence.cli.group import main as run

    run()

"""The command line: parse, call one use case, render."""

from whence.cli.group import main

__all__ = ["main"]

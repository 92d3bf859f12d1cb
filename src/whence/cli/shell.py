"""Runs and artifacts for a shell that waits after Tab, without the time that a parser takes.

What only the parser can tell (options, other commands, odd names) is left to it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

# How many runs each command takes; 0: as many as are given. After the first, tag offers tags too.
_RUNS = {
    **dict.fromkeys(("show", "repeat", "artifacts", "get", "cat", "put", "tag"), 1),
    "diff": 2,
    **dict.fromkeys(("abort", "compare", "comment", "reason", "delete", "export"), 0),
}
# What follows the run are its artifacts: of cat one, of get as many as are given.
_ARTIFACTS = {"cat": 1, "get": 0}
_PLAIN = re.compile(r"[\w./-]+( [\w./-]+)*")
_FORMATS = {
    "bash": "plain,{value}",
    "zsh": "plain\n{value}\n{told}",
    "fish": "plain,{value}\t{told}",
}


def offered(environ: Mapping[str, str]) -> str | None:
    """The text that the completion script of the shell reads; None if the parser must be asked.

    Parameters
    ----------
    environ : mapping
        Holds ``_WHENCE_COMPLETE``, ``COMP_WORDS`` and ``COMP_CWORD``, as that script sets them.
    """
    shell, _, what = environ["_WHENCE_COMPLETE"].partition("_")
    if what != "complete" or shell not in _FORMATS:
        return None
    try:
        *words, typed = _typed(shell, environ)
    except (KeyError, ValueError):  # an open quotation mark
        return None
    if not words or words[0] not in _RUNS or any(word[:1] == "-" for word in (*words, typed)):
        return None
    command, *given = words
    if not 0 < _RUNS[command] <= len(given):
        from whence.app.completion import complete_runs

        found = complete_runs(None, typed)
    elif command in _ARTIFACTS and not 0 < _ARTIFACTS[command] < len(given):
        from whence.app.completion import complete_artifacts

        found = complete_artifacts(None, given[0], typed)
    else:
        return None
    if not all(_PLAIN.fullmatch(text) for pair in found for text in pair):
        return None
    return "\n".join(_FORMATS[shell].format(value=value, told=told) for value, told in found)


def _typed(shell: str, environ: Mapping[str, str]) -> list[str]:
    """The words after the program's name up to the cursor; the last is being typed."""
    words = shlex.split(environ["COMP_WORDS"])
    if shell == "fish":
        typed = "".join(shlex.split(environ["COMP_CWORD"])[:1])
        before = words[1:-1] if typed and words[-1:] == [typed] else words[1:]
        return [*before, typed]
    place = int(environ["COMP_CWORD"])
    return [*words[1:place], words[place] if place < len(words) else ""]

"""Where artifacts are written: a protocol, so that this room knows no live run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from whence.records import Artifact


class Sink(Protocol):
    """Takes facts about things on record; a store's writer is one. Safe to use from any thread."""

    def append(self, op: str, of: str, facts: Mapping[str, Any], *, sync: bool = False) -> None:
        """Write one line about the thing; it survives this process when this returns."""

    def append_many(self, op: str, of: str, many: Sequence[Mapping[str, Any]]) -> None:
        """Write a line about the thing for each of the facts."""


def attach(sink: Sink, run: str, artifact: Artifact) -> None:
    """Attach content, whose digest is known, to a run.

    Parameters
    ----------
    sink : Sink
        Where to write it.
    run : str
        The run id.
    artifact : Artifact
        What is attached; its content need not be in the store (``kept="reference"``).
    """
    told = {key: value for key, value in artifact.as_dict().items() if value not in (None, {})}
    sink.append("artifact", run, told)

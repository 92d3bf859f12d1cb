"""The durable account of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whence.base.clock import utc_text
from whence.base.escape import decode
from whence.records.artifact import Artifact, Category

ENDED = frozenset({"completed", "failed", "terminated"})


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One run as the store knows it; equal to another record of the same run.

    Parameters
    ----------
    state : mapping
        The folded lines of the run (see ``docs/store-format.md``), escape-encoded.
    lost : bool
        Whether the process that ran it is gone without having ended it.
    """

    state: Mapping[str, Any]
    lost: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def id(self) -> str:
        """The run id."""
        return str(self.state["id"])

    @property
    def name(self) -> str:
        """The name, or the id where none was given."""
        return self.state.get("name") or self.id

    @property
    def kind(self) -> str:
        """``run``, ``sweep``, ``evaluation`` or ``task``."""
        return self.state.get("kind") or "run"

    @property
    def status(self) -> str:
        """``created``, ``running``, ``completed``, ``failed``, ``terminated`` or ``lost``."""
        status = self.state.get("status") or "created"
        return "lost" if self.lost and status not in ENDED else status

    @property
    def folder(self) -> str:
        """The folder that groups it with other runs, like ``/my_simulation``."""
        return self.state.get("folder") or "/"

    @property
    def parameters(self) -> dict[str, Any]:
        """What was given to it, nested, with the types it was given in."""
        parameters: dict[str, Any] = decode(self.state.get("params") or {})
        return parameters

    @property
    def metadata(self) -> dict[str, Any]:
        """What was noted about it, by key."""
        metadata: dict[str, Any] = decode(self.state.get("meta") or {})
        return metadata

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags, sorted."""
        return tuple(self.state.get("tags") or ())

    @property
    def created(self) -> float | None:
        """When it was put on record, in seconds since 1970-01-01 UTC."""
        return self.state.get("created")

    @property
    def started(self) -> float | None:
        """When it started."""
        return self.state.get("started")

    @property
    def ended(self) -> float | None:
        """When it ended, or None while it runs or if it is lost."""
        return self.state.get("ended")

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; of a lost run, to the last that was heard of it."""
        end = self.ended
        if end is None and self.lost:
            end = self.state.get("last")
        return None if self.started is None or end is None else max(end - self.started, 0.0)

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """What it took in and put out, in the order in which it did."""
        return tuple(Artifact.of(fact) for fact in self.state.get("artifacts") or ())

    def of_category(self, category: Category) -> tuple[Artifact, ...]:
        """The artifacts of one category."""
        return tuple(item for item in self.artifacts if item.category == category)

    def summary(self) -> dict[str, Any]:
        """The record in short, as `whence list --json` tells it."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "status": self.status,
            "parameters": self.state.get("params") or {},
            "tags": list(self.tags),
            "folder": self.folder,
            "created": _text(self.created),
            "started": _text(self.started),
            "ended": _text(self.ended),
            "duration": self.duration,
        }

    def as_dict(self) -> dict[str, Any]:
        """The whole record as plain data, as `whence show --json` tells it."""
        state = self.state
        told = {key: state.get(key) for key in _WHOLE}
        return {
            **self.summary(),
            "metadata": state.get("meta") or {},
            **told,
            "artifacts": [item.as_dict() for item in self.artifacts],
            "events": state.get("events", 0),
            "last": _text(state.get("last")),
        }


# Fields of the state that the whole record tells as they are.
_WHOLE = (
    "description",
    "user",
    "host",
    "cwd",
    "dir",
    "command",
    "repeat",
    "parent",
    "point",
    "call",
    "code",
    "environment",
    "process",
    "exit",
    "error",
    "recipe",
    "plot",
)


def _text(seconds: float | None) -> str | None:
    return None if seconds is None else utc_text(seconds)

"""In what two records differ, from their facts alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from whence.base.escape import decode, encode, readable
from whence.records.artifact import Artifact, Category
from whence.records.comparison import Mark, ParameterComparison, same
from whence.records.record import Record
from whence.records.task_parameter import DEEPEST

ABSENT = Mark.ABSENT


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is not the same on both sides; `ABSENT` where a side has none.

    Attributes
    ----------
    key : str
        What it is: a dotted parameter, a path, a distribution.
    left, right : object
        Its values.
    """

    key: str
    left: Any = ABSENT
    right: Any = ABSENT

    def as_dict(self) -> dict[str, Any]:
        """The change as plain data; a side that has none is left out."""
        sides = {"left": self.left, "right": self.right}
        there = {side: encode(value) for side, value in sides.items() if value is not ABSENT}
        return {"key": self.key, **there}


@dataclass(frozen=True, slots=True)
class ArtifactPair:
    """The artifacts of one name in two runs; None where a run has none."""

    name: str
    left: Artifact | None
    right: Artifact | None

    @property
    def same(self) -> bool:
        """Whether both have the same content."""
        return bool(self.left and self.right and self.left.digest == self.right.digest)


@dataclass(frozen=True, slots=True)
class EnvironmentDifference:
    """How the environments of two runs differ.

    Attributes
    ----------
    facts : tuple of Change
        The Python version and the like.
    distributions : tuple of Change
        Name and versions of what was added, removed or changed.
    """

    facts: tuple[Change, ...]
    distributions: tuple[Change, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.facts and not self.distributions

    def as_dict(self) -> dict[str, Any]:
        """The difference as plain data."""
        found = self.distributions
        return {
            "facts": [change.as_dict() for change in self.facts],
            "added": {one.key: one.right for one in found if one.left is ABSENT},
            "removed": {one.key: one.left for one in found if one.right is ABSENT},
            "changed": {
                one.key: [one.left, one.right]
                for one in found
                if one.left is not ABSENT and one.right is not ABSENT
            },
        }


def parameter_changes(left: Record, right: Record) -> tuple[Change, ...]:
    """The parameters that differ in value or type, by dotted key."""
    both = [{"p": record.parameters} for record in (left, right)]
    columns, (a, b) = ParameterComparison(both).table(DEEPEST)
    cells = zip(columns, a, b, strict=True)
    return tuple(Change(key[1:].removeprefix("."), x, y) for key, x, y in cells)


def fact_changes(left: Record, right: Record) -> tuple[Change, ...]:
    """What else was recorded of the runs and differs: status, command, host and the like."""
    return tuple(_changes(_facts(left), _facts(right)))


def metadata_changes(left: Record, right: Record) -> tuple[Change, ...]:
    """The metadata that differ, by key."""
    return tuple(_changes(left.metadata, right.metadata))


def code_changes(left: Record, right: Record) -> tuple[Change, ...]:
    """The files of code that differ, by path, each with its digests."""
    changes = _changes(code_files(left), code_files(right))
    return tuple(sorted(changes, key=lambda change: change.key))


def code_files(record: Record) -> dict[str, str]:
    """The digests of its files of code, by path."""
    return dict(_code(record).get("files") or {})


def version_changes(left: Record, right: Record) -> tuple[Change, ...]:
    """Commit, branch and uncommitted changes, where they differ."""
    names = ("commit", "branch", "dirty")
    codes = [_code(record) for record in (left, right)]
    told = [{name: code[name] for name in names if code.get(name) is not None} for code in codes]
    return tuple(_changes(*told))


def environment_difference(
    left: Mapping[str, Any], right: Mapping[str, Any]
) -> EnvironmentDifference:
    """What differs between two environments as they were recorded.

    By which name Python was called is none: `python` and `python3` are one in most environments.
    """
    inner = ("distributions", "direct", "executable")
    facts = [{key: side[key] for key in side if key not in inner} for side in (left, right)]
    versions = _changes(_versions(left), _versions(right))
    return EnvironmentDifference(tuple(_changes(*facts)), tuple(sorted(versions, key=_key)))


def artifact_pairs(left: Record, right: Record, category: Category) -> tuple[ArtifactPair, ...]:
    """The artifacts of a category by name, those of the left run first.

    Of artifacts of one name in one run the last counts.
    """
    a, b = ({item.name: item for item in side.of_category(category)} for side in (left, right))
    return tuple(ArtifactPair(name, a.get(name), b.get(name)) for name in dict.fromkeys([*a, *b]))


def _facts(record: Record) -> dict[str, Any]:
    state = record.state
    names = ("command", "cwd", "user", "host", "exit", "reason", "outcome", "description")
    facts = {"name": record.name, "kind": record.kind, "status": record.status}
    facts |= {name: decode(state[name]) for name in names if state.get(name) is not None}
    if state.get("error"):
        error = state["error"]
        facts["error"] = f"{error.get('type')}: {error.get('message')}"
    return {"folder": record.folder, "tags": list(record.tags), **facts}


def _code(record: Record) -> dict[str, Any]:
    code = readable(record.state.get("code"))
    return code if isinstance(code, dict) else {}


def _versions(environment: Mapping[str, Any]) -> dict[str, str]:
    """The version of each distribution, with the commit of what came from a repository."""
    direct = environment.get("direct") or {}
    found = {}
    for name, version in (environment.get("distributions") or {}).items():
        told = direct.get(name) or {}
        commit = told.get("commit") if isinstance(told, Mapping) else None
        found[name] = f"{version} ({commit[:12]})" if commit else str(version)
    return found


def _changes(left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[Change]:
    keys: Iterable[str] = dict.fromkeys([*left, *right])
    for key in keys:
        a, b = left.get(key, ABSENT), right.get(key, ABSENT)
        if not same(a, b):
            yield Change(str(key), a, b)


def _key(change: Change) -> str:
    return change.key.lower()

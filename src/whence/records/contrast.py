"""In what two records differ: in Sumatra's words, and as `whence diff` tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from whence.params import flatten
from whence.records import surrounding
from whence.records.artifact import Category
from whence.records.difference import (
    ABSENT,
    ArtifactPair,
    Change,
    EnvironmentDifference,
    artifact_pairs,
    code_changes,
    code_files,
    environment_difference,
    fact_changes,
    metadata_changes,
    parameter_changes,
    version_changes,
)
from whence.records.environment import environment_of
from whence.records.record import Record


@dataclass(frozen=True, slots=True)
class RecordDifference:
    """In what two records differ; true if in anything that makes other results or is one.

    Parameters
    ----------
    left, right : Record
    """

    left: Record
    right: Record

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in _LETTERS.values())

    def __repr__(self) -> str:
        told = "".join(letter for letter, name in _LETTERS.items() if getattr(self, name))
        return f"<RecordDifference {self.left.label} {self.right.label}: {told or 'none'}>"

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    @property
    def parameters(self) -> tuple[Change, ...]:
        """The parameters that differ in value or type, by dotted key."""
        return parameter_changes(self.left, self.right)

    @property
    def parameters_same(self) -> int:
        """How many parameters do not differ."""
        leaves = {*flatten(self.left.parameters), *flatten(self.right.parameters)}
        return max(len(leaves) - len(self.parameters), 0)

    @property
    def facts(self) -> tuple[Change, ...]:
        """What else was recorded and differs: status, command, host and the like."""
        return fact_changes(self.left, self.right)

    @property
    def metadata(self) -> tuple[Change, ...]:
        """The metadata that differ."""
        return metadata_changes(self.left, self.right)

    @property
    def version(self) -> tuple[Change, ...]:
        """Commit, branch and whether there were changes, where they differ."""
        return version_changes(self.left, self.right)

    @property
    def code(self) -> tuple[Change, ...]:
        """The files of code that differ, with their digests."""
        return code_changes(self.left, self.right)

    @property
    def inputs(self) -> tuple[ArtifactPair, ...]:
        """What was taken in and differs, by name."""
        return self._other("input")

    @property
    def outputs(self) -> tuple[ArtifactPair, ...]:
        """What was put out and differs, by name; files called ``.log`` are left out."""
        return tuple(one for one in self._other("output") if not one.name.endswith(".log"))

    @property
    def environment(self) -> EnvironmentDifference | None:
        """How Python and its packages differ; None if one of them is not on record."""
        both = (self.left, self.right)
        digests = [one.state.get("environment") for one in both]
        if digests[0] and digests[0] == digests[1]:
            return EnvironmentDifference((), ())
        was, now = (environment_of(one) for one in both)
        return None if was is None or now is None else environment_difference(was, now)

    @property
    def executable_differs(self) -> bool:
        """Whether another program ran, or another version of it."""
        return self._differs(surrounding.executable)

    @property
    def repository_differs(self) -> bool:
        """Whether the code is of another repository."""
        return self._differs(surrounding.repository)

    @property
    def dependencies_differ(self) -> bool:
        """Whether other packages could be imported, or other versions."""
        return self._differs(surrounding.dependencies)

    @property
    def code_differs(self) -> bool:
        """Whether other code ran."""
        files = [code_files(one) for one in (self.left, self.right)]
        if all(files):
            return files[0] != files[1]
        return bool(self.version) or self._differs(surrounding.changes)

    @property
    def parameters_differ(self) -> bool:
        """Whether it was given other parameters."""
        return bool(self.parameters)

    @property
    def input_data_differ(self) -> bool:
        """Whether other data went in."""
        return bool(self.inputs)

    @property
    def output_data_differ(self) -> bool:
        """Whether other data came out."""
        return bool(self.outputs)

    @property
    def script_arguments_differ(self) -> bool:
        """Whether the command lines differ in what follows the program."""
        return self.left.script_arguments != self.right.script_arguments

    @property
    def launch_mode_differs(self) -> bool:
        """Whether they were started in other ways; the number of a job is no difference."""
        modes = [surrounding.launch_mode(one) for one in (self.left, self.right)]
        kinds = [None if mode is None else mode.type for mode in modes]
        return kinds[0] != kinds[1]

    def pairs(self, category: Category) -> tuple[ArtifactPair, ...]:
        """The artifacts of a category by name, whether they differ or not."""
        return artifact_pairs(self.left, self.right, category)

    def _other(self, category: Category) -> tuple[ArtifactPair, ...]:
        return tuple(pair for pair in self.pairs(category) if not pair.same)

    def _differs(self, read: Any) -> bool:
        return bool(read(self.left) != read(self.right))


_LETTERS = {
    "X": "executable_differs",
    "C": "code_differs",
    "P": "parameters_differ",
    "I": "input_data_differ",
    "S": "script_arguments_differ",
    "L": "launch_mode_differs",
    "D": "output_data_differ",
}


def _lines(told: RecordDifference) -> Iterator[str]:
    yield f"− {told.left.label}  {told.left.status}"
    yield f"+ {told.right.label}  {told.right.status}"
    lists = {"parameters": told.parameters, "code": (*told.version, *told.code)}
    for title, changes in {**lists, "otherwise": told.facts, "metadata": told.metadata}.items():
        if changes:
            yield title
            yield from (f"  {one.key}  {_side(one.left)}  {_side(one.right)}" for one in changes)
    environment = told.environment
    if environment is not None and not environment.same:
        yield "environment"
        for one in (*environment.facts, *environment.distributions):
            yield f"  {one.key}  {_side(one.left)}  {_side(one.right)}"
    for title, pairs in (("inputs", told.inputs), ("outputs", told.outputs)):
        if pairs:
            yield title
        for pair in pairs:
            sides = ("–" if one is None else one.digest[:12] for one in (pair.left, pair.right))
            yield f"  {pair.name}  {' → '.join(sides)}"


def _side(value: Any) -> str:
    return "–" if value is ABSENT else str(value)

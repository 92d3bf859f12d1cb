"""One call of a recorded task: what makes it the same as another, and what is kept of it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from whence.artifacts import attach
from whence.records import Artifact
from whence.runs import Call, Code, hearing
from whence.runs.input import changed_inputs, files_read, input_files, named_inputs
from whence.store import Store

RESULT = "result"
"""The name of the artifact that holds what a task returned."""


@dataclass(frozen=True, slots=True)
class Work:
    """A call of a task, before it is known whether it must run.

    Attributes
    ----------
    store : Store
        Where it is recorded.
    code : Code
        The code that runs.
    call : Call
        What makes it the same as another call.
    bound : inspect.BoundArguments
        The arguments.
    parent : str or None
        The run that it is part of.
    notes : tuple of str
        What is to be said in the run, as warnings.
    why : str
        Why it runs although a result is kept.
    """

    store: Store
    code: Code
    call: Call
    bound: inspect.BoundArguments
    parent: str | None = None
    notes: tuple[str, ...] = ()
    why: str = ""

    def kept(self) -> Iterator[tuple[str, Artifact]]:
        """The results of completed tasks of the same call, the newest first, with their runs."""
        rows = self.store.index().connection.execute(
            "SELECT run.id, artifact.type, artifact.digest, artifact.size, artifact.kept FROM run "
            "JOIN artifact ON artifact.run = run.key WHERE run.call = ? AND run.kind = 'task' "
            "AND run.status = 'completed' AND NOT run.deleted AND artifact.name = ? "
            "AND artifact.category = 'output' ORDER BY run.created DESC",
            (self.call.key, RESULT),
        )
        for run, *held in rows.fetchall():
            artifact = Artifact(RESULT, "output", *held)
            if self.store.has(artifact.digest):
                yield run, artifact

    def outdated(self, run: str) -> str:
        """Why the result of a run of the same call is no longer that of this one, if it is not."""
        read = files_read(self.store.index().state(run))
        changed = changed_inputs(read, self.store.project, self.store.digest_of)
        return f"{', '.join(changed)} changed since it was read" if changed else ""

    def inputs(self) -> Iterator[Artifact]:
        """The files that arguments name, as inputs of the run."""
        return input_files(self.call.inputs, self.store.project)

    def changed(self) -> bool:
        """Whether a file that an argument names is another by now."""
        return arguments_inputs(self.bound, self.store) != self.call.inputs

    def hand_on(self, run: str, result: Artifact, task: str) -> None:
        """Put the result on record as an input of the run that the call is part of.

        So are the files that it was made from, for that run is done again when they change.
        """
        if self.parent is None:
            return
        name = f"{task}.{self.call.key[:8]}"
        given = replace(result, name=name, category="input")
        attach(self.store.writer(), self.parent, given)
        hear = hearing()
        if hear is None:
            return
        read = [(str(each.path), each.digest) for each in files_read(self.store.index().state(run))]
        for place, digest in (*self.call.inputs.items(), *read):
            path = self.store.project / place
            if path.is_file():
                hear(path, digest)


def arguments_inputs(bound: inspect.BoundArguments, store: Store) -> Mapping[str, str]:
    """The digests of the files and folders that arguments name."""
    values = list(_leaves(bound.arguments.values()))
    return named_inputs(values, Path.cwd(), store.project, store.digest_of)


def _leaves(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        if isinstance(value, Mapping):
            yield from _leaves(value.values())
        elif isinstance(value, list | tuple | set | frozenset):
            yield from _leaves(value)
        else:
            yield value

"""A function whose calls are remembered: on record, or while the process lives."""

from __future__ import annotations

import functools
import inspect
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar, cast

from whence.artifacts import attach, place
from whence.base.code import identity_of
from whence.base.content import array_content
from whence.base.digest import Seen, digest_file
from whence.base.error import StoreError, UserError, WhenceError
from whence.base.escape import encode
from whence.records import Artifact
from whence.runs import Call, Code, Origin, Run, code_artifacts, code_facts, code_of_function
from whence.runs.code import function_file
from whence.runs.input import named_inputs
from whence.runs.scope import around, named, printed
from whence.store import Store
from whence.tasks.fit import fitted
from whence.tasks.result import dumped_result, given_results, loaded
from whence.tasks.work import RESULT, Work, arguments_inputs

P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger(__name__)


class _Task(Generic[P, R]):
    """What the two kinds of task share: the function, and what makes two calls the same.

    Parameters
    ----------
    function : callable
        Every parameter and the result annotated.
    store : Store, optional
        Where it is recorded; found upward from the working directory at each call if not given.

    Raises
    ------
    UserError
        If an annotation is missing.
    """

    def __init__(self, function: Callable[P, R], store: Store | None = None) -> None:
        self._function, self._store = function, store
        self._signature = _annotated(function)
        functools.update_wrapper(cast("Any", self), function)

    def __repr__(self) -> str:
        name = self._function.__qualname__
        return f"<{type(self).__name__} {self._function.__module__}.{name}{self._signature}>"

    def _bind(self, *args: P.args, **kwargs: P.kwargs) -> inspect.BoundArguments:
        """The arguments as the function is to get them: an int for a float is that float."""
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self._function.__qualname__}{self._signature}: {error}") from None
        given = set(bound.arguments)
        bound.apply_defaults()
        bound.arguments |= fitted(self._function, bound.arguments, given)
        return bound

    def _target(self, project: Path) -> str:
        file = function_file(self._function)
        where = place(file, (Path(os.path.realpath(project)),)) if file else "<prompt>"
        return f"{where}:{self._function.__qualname__}"


class RecordedTask(_Task[P, R]):
    """A function whose every call is a run on record, and whose result is kept there.

    A call with the same arguments and code as a completed one gives the kept result; the code is
    the function's file and the project's sources that it imports. Results are kept by their type,
    as `Run.save_object` keeps objects: arrays, tables, tensors, plain values. Of what no format
    keeps, the call is on record, is warned of, and is made again next time.

    Parameters
    ----------
    function : callable
        Every parameter and the result annotated.
    store : Store, optional
        Where it is recorded; found upward from the working directory at each call if not given.

    Examples
    --------
    >>> @RecordedTask  # doctest: +SKIP
    ... def energy(temperature: float, steps: int = 100) -> float:
    ...     return sum(temperature / (n + 1) for n in range(steps))
    """

    def __init__(self, function: Callable[P, R], store: Store | None = None) -> None:
        super().__init__(function, store)
        self._read: dict[str, str] = {}

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The result: the kept one if there is one, else of a new run."""
        work = self._work(*args, **kwargs)
        tried: set[str] = set()
        for run, artifact in work.kept():
            if artifact.digest in tried:
                continue
            if why := work.outdated(run):
                work = replace(work, why=work.why or why)
                continue
            tried.add(artifact.digest)
            try:
                result = loaded(artifact.type, work.store.get(artifact.digest))
            except (StoreError, UserError, ValueError) as error:
                first = str(error).partition("\n")[0]
                note = f"a kept result cannot be read, so it is computed again: {first}"
                _log.warning("%s: %s", self._function.__qualname__, note)
                work = replace(work, notes=(*work.notes, note))
                continue
            work.hand_on(run, artifact, self._function.__name__)
            return cast("R", result)
        return self._run(work)

    def run(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of a new run, whatever is kept."""
        return self._run(self._work(*args, **kwargs))

    def _work(self, *args: P.args, **kwargs: P.kwargs) -> Work:
        store = self._store or Store.find_or_create(Path.cwd())
        bound = self._bind(*args, **kwargs)
        code = self._code(store.project)
        target = self._target(store.project)
        inputs = arguments_inputs(bound, store)
        call = Call(dict(bound.arguments), target, code.files, inputs)
        return Work(store, code, call, bound, around(store), code.notes)

    def _code(self, project: Path) -> Code:
        """The code as it runs: of a file that was edited since it was first looked at, the old."""
        code = code_of_function(self._function, project)
        files, notes = dict(code.files), list(code.notes)
        for name, digest in code.files.items():
            if not name.startswith("<"):
                files[name] = self._read.setdefault(name, digest)
                if files[name] != digest:
                    notes.append(f"{name} was edited after it was imported: what runs is older")
        return replace(code, files=files, notes=tuple(notes))

    def _run(self, work: Work) -> R:
        file, name = function_file(self._function), self._function.__name__
        store, call = work.store, work.call
        origin = Origin(
            kind="task",
            parent=work.parent,
            code=code_facts(work.code, file.parent if file else Path.cwd()),
            artifacts=tuple(code_artifacts(store, work.code)),
            facts={
                "call": call.key,
                "target": encode(call.target),
                "inputs": encode(dict(call.inputs)),
            },
        )
        with Run(store, mode="online") as run:
            run.init(name, parameters=call.parameters, origin=origin)
            for artifact in (*work.inputs(), *given_results(work.bound.arguments, store)):
                attach(store.writer(), run.id, artifact)
            if work.why:
                run.log_event(work.why)
            for note in work.notes:
                run.log_event(note, "warning")
            with printed(run), named(run):
                result = self._function(*work.bound.args, **work.bound.kwargs)
            kept = self._keep(run, result)
            self._look_again(run, work)
        if kept is not None:
            work.hand_on(run.id, kept, name)
        return result

    def _keep(self, run: Run, result: R) -> Artifact | None:
        """The result on record; None, and a warning, if no format keeps it: it is not lost then."""
        try:
            dumped = dumped_result(result)
        except WhenceError as error:
            note = (
                f"the result of {self._function.__qualname__} is not remembered, so the same call "
                f"runs again: {error.problems[0].message}"
            )
            _log.warning("%s", note)
            run.log_event(note, "warning")
            return None
        writer = run.store.writer()
        content = writer.put(dumped.data)
        held = (content.digest, content.size, content.kept)
        kept = Artifact(RESULT, "output", dumped.format.media_type, *held)
        attach(writer, run.id, kept)
        return kept

    def _look_again(self, run: Run, work: Work) -> None:
        """Say why a result is not found again; one of other data than its key tells must not be."""
        if work.changed():
            run.log_event("a file that it was given changed while it ran", "warning")
            work.store.writer().append("set", run.id, {"f": {"call": None}})
        now = self._code(work.store.project)
        if not (work.code.notes or now.notes) and now.files != work.code.files:
            run.log_event(
                f"{self._function.__qualname__} changed a value that it depends on, such as a "
                "list of its module: the same call is other work now",
                "warning",
            )


class MemoizedTask(_Task[P, R]):
    """A function that is called once per arguments while the process lives; never on record.

    Parameters
    ----------
    function : callable
        Every parameter and the result annotated.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        super().__init__(function)
        self._known: dict[str, R] = {}
        self._files: dict[Path, Seen] = {}

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The result: the remembered object if there is one."""
        bound = self._bind(*args, **kwargs)
        identity = identity_of(self._function)
        code = {self._function.__qualname__: identity.digest}
        values = list(bound.arguments.values())
        inputs = named_inputs(values, Path.cwd(), Path.cwd(), self._digest_of)
        arguments = {name: _brief(value) for name, value in bound.arguments.items()}
        key = Call(arguments, self._target(Path.cwd()), code, inputs).key
        if key in self._known:
            return self._known[key]
        result = self._function(*bound.args, **bound.kwargs)
        if not identity.unknown:
            self._known[key] = result
        return result

    def clear(self) -> None:
        """Forget all results."""
        self._known.clear()
        self._files.clear()

    def _digest_of(self, path: Path) -> str:
        seen = self._files.get(path)
        if seen is None or seen.is_other():
            seen = self._files[path] = Seen.read(path, digest_file)
        return str(seen.digest)


def _brief(value: Any) -> Any:
    """What stands for an argument in a key that nobody keeps: of an array, its digest."""
    array = array_content(value)
    return value if array is None else ("array", *array)


def _annotated(function: Callable[..., Any]) -> inspect.Signature:
    signature = inspect.signature(function)
    hidden = inspect.unwrap(function).__code__.co_freevars if inspect.isfunction(function) else ()
    if hidden:
        # Two closures of one function would share a key, and so a result.
        raise UserError.of(
            "closure",
            f"{function.__qualname__!r} takes {', '.join(map(repr, hidden))} from the function "
            "around it, which its arguments do not tell",
            mend="Define it at the top of a module, and pass these as arguments.",
        )
    bare = [name for name, p in signature.parameters.items() if p.annotation is p.empty]
    if bare or signature.return_annotation is signature.empty:
        raise UserError.of(
            "not-annotated",
            f"the task {function.__qualname__} does not say the type of "
            f"{', '.join(bare) if bare else 'its result'}",
            mend="Annotate every parameter and the result: `def task(x: int) -> float`.",
        )
    return signature

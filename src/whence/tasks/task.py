"""A function whose calls are remembered: on record, or while the process lives."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar, cast

import orjson

from whence.artifacts import place
from whence.base.error import UserError
from whence.base.escape import decode, encode
from whence.runs import Call, Code, Origin, Run, code_artifacts, code_facts, code_of_function
from whence.runs.code import function_file
from whence.runs.scope import printed
from whence.store import Store
from whence.tasks.fit import fitted

P = ParamSpec("P")
R = TypeVar("R")

RESULT = "result"
"""The name of the artifact that holds what a task returned."""


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

    def _bind(self, *args: P.args, **kwargs: P.kwargs) -> inspect.BoundArguments:
        """The arguments as the function is to get them: an int for a float is that float."""
        bound = self._signature.bind(*args, **kwargs)
        given = set(bound.arguments)
        bound.apply_defaults()
        bound.arguments |= fitted(self._function, bound.arguments, given)
        return bound

    def _call(self, project: Path, code: Code, bound: inspect.BoundArguments) -> Call:
        file = function_file(self._function)
        where = place(file, (Path(os.path.realpath(project)),)) if file else "<prompt>"
        target = f"{where}:{self._function.__qualname__}"
        return Call(dict(bound.arguments), target, code.files)


class RecordedTask(_Task[P, R]):
    """A function whose every call is a run on record, and whose result is kept there.

    A call with the same arguments and code as a completed one gives the kept result; the code is
    the function's file and the project's sources that it imports. Results are kept as JSON with
    whence's escape encoding; what has none (models, figures, DataFrames) is not accepted yet.

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

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The result: the kept one if there is one, else of a new run."""
        store = self._store or Store.find_or_create(Path.cwd())
        code = code_of_function(self._function, store.project)
        bound = self._bind(*args, **kwargs)
        call = self._call(store.project, code, bound)
        kept = _kept(store, call.key)
        if kept is not None:
            return cast("R", decode(orjson.loads(store.get(kept))))
        return self._run(store, code, call, bound)

    def run(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of a new run, whatever is kept."""
        store = self._store or Store.find_or_create(Path.cwd())
        code = code_of_function(self._function, store.project)
        bound = self._bind(*args, **kwargs)
        call = self._call(store.project, code, bound)
        return self._run(store, code, call, bound)

    def _run(self, store: Store, code: Code, call: Call, bound: inspect.BoundArguments) -> R:
        file = function_file(self._function)
        origin = Origin(
            kind="task",
            code=code_facts(code, file.parent if file else Path.cwd()),
            artifacts=tuple(code_artifacts(store, code)),
            facts={"call": call.key, "target": encode(call.target), "inputs": {}},
        )
        with Run(store) as run:
            run.init(self._function.__name__, parameters=call.parameters, origin=origin)
            with printed(run):
                result = self._function(*bound.args, **bound.kwargs)
            content = store.writer().put(_bytes(result, self._function.__qualname__))
            facts = {
                "name": RESULT,
                "category": "output",
                "type": "application/json",
                "digest": content.digest,
                "size": content.size,
                "kept": content.kept,
            }
            store.writer().append("artifact", run.id, facts)
        return result


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

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The result: the remembered object if there is one."""
        bound = self._bind(*args, **kwargs)
        key = self._call(Path.cwd(), Code(), bound).key
        if key not in self._known:
            self._known[key] = self._function(*bound.args, **bound.kwargs)
        return self._known[key]

    def clear(self) -> None:
        """Forget all results."""
        self._known.clear()


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


def _kept(store: Store, key: str) -> str | None:
    """The digest of the result of the newest completed task of that key."""
    row = (
        store.index()
        .connection.execute(
            "SELECT artifact.digest FROM run JOIN artifact ON artifact.run = run.key "
            "WHERE run.call = ? AND run.kind = 'task' AND run.status = 'completed' "
            "AND NOT run.deleted AND artifact.name = ? AND artifact.category = 'output' "
            "ORDER BY run.created DESC LIMIT 1",
            (key, RESULT),
        )
        .fetchone()
    )
    return row[0] if row and store.has(row[0]) else None


def _bytes(result: Any, task: str) -> bytes:
    try:
        return orjson.dumps(encode(result, (RESULT,)))
    except UserError as error:
        raise UserError.of(
            "result-not-accepted",
            f"the result of {task} cannot be kept yet: {error.problems[0].message}",
            mend="Return numbers, text, arrays, or lists and mappings of them; write anything else "
            "to a file and save it with a Run.",
        ) from None

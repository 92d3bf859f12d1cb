"""Run a record again from what is on record of it, and say whether the same comes out."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from whence.app.diff import Diff, diff_records
from whence.app.twin import siblings, twin
from whence.app.workspace import Workspace
from whence.base.clock import new_id
from whence.base.error import UserError
from whence.base.escape import decode, encode
from whence.records import Record, Records
from whence.runs import Origin, ProcessOptions, code_facts, record_process
from whence.runs.code import code_of_command, code_of_script
from whence.runs.fact import again
from whence.runs.launcher import how_ended
from whence.runs.replica import Replica, code_base, replica
from whence.store import Store
from whence.sweep.point import Job
from whence.sweep.repeat import repeat_point
from whence.sweep.target import Command, FileFunction, Target
from whence.sweep.template import Template


@dataclass(frozen=True, slots=True)
class Repeat:
    """What came of running a record again.

    Attributes
    ----------
    old, new : Record
        The record, and the one of running it again.
    diff : Diff
        In what they differ.
    notes : tuple of str
        In what code or inputs could not be laid out as they were.
    """

    old: Record
    new: Record
    diff: Diff
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether it ended as before and all outputs are the same."""
        return self.old.status == self.new.status and not self.diff.outputs.changed

    @property
    def why(self) -> str:
        """Why it does not agree, where that is not for its outputs; else empty."""
        old, new = self.old.status, self.new.status
        if old == new:
            return ""
        before, now = _TOLD.get(old, f"was {old}"), _TOLD.get(new, f"was {new}")
        if old == "completed":
            return f"it {before} before, and now it {now}"
        return f"it {before} before, so there is no whole outcome to compare; now it {now}"

    @property
    def inputs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What was read only now and what only before: other content, whatever its names."""
        old, new = (
            {one.digest: one.name for one in run.of_category("input")}
            for run in (self.old, self.new)
        )
        only_new = (name for digest, name in new.items() if digest not in old)
        only_old = (name for digest, name in old.items() if digest not in new)
        return tuple(sorted(only_new)), tuple(sorted(only_old))

    def as_dict(self) -> dict[str, Any]:
        """The outcome as `whence repeat --json` tells it."""
        environment = self.diff.records.environment
        return {
            "run": self.old.id,
            "repeat": self.new.id,
            "status": self.new.status,
            "agrees": self.agrees,
            "why": self.why,
            "outputs": self.diff.outputs.as_dict(),
            "code": self.diff.code.as_dict(),
            "environment": environment and environment.as_dict(),
            "inputs": dict(zip(("added", "removed"), map(list, self.inputs), strict=True)),
            "notes": list(self.notes),
        }


_TOLD = {"failed": "failed"}


def repeat_run(workspace: Workspace, text: str, *, quiet: bool = False) -> Repeat:
    """Run a record again, as a new run linked to it.

    Parameters
    ----------
    workspace : Workspace
        Where it is on record.
    text : str
        Its id, a part of it, or its name.
    quiet : bool
        Whether the terminal is spared what it prints.

    Raises
    ------
    UserError
        If it is no run that can be repeated, or its code or inputs are gone; nothing runs then.
    """
    store = workspace.store
    old = Records(store).resolve(text)
    state = old.state
    way = _way(state)
    with replica(store, state) as there:
        run = way(workspace, state, there, quiet)
        new = Records(store).get(run)
        diff = diff_records(workspace, old, new)
    return Repeat(old, new, diff, there.notes)


def _way(state: Mapping[str, Any]) -> Any:
    """The function that runs such a record again."""
    kind = state.get("kind") or "run"
    if kind == "run" and state.get("point"):
        return _point
    if kind == "run" and state.get("main_file"):
        return _script
    if kind == "run" and state.get("command"):
        return _command
    ways = {
        "sweep": "Repeat one of its points, or run: ",
        "evaluation": "Figures are drawn again with: ",
        "task": "Call the task's run() again; it is a function, and no command tells how.",
    }
    mend = ways.get(str(kind), "There is neither a command nor a script on record that made it.")
    command = decode(state.get("repeat")) if mend.endswith(": ") else ""
    raise UserError.of(
        "not-repeatable", f"the {kind} {state['id']} cannot be repeated", mend=f"{mend}{command}"
    )


def _command(workspace: Workspace, state: Mapping[str, Any], there: Replica, quiet: bool) -> str:
    """Run the program of a `whence run` again."""
    outputs = decode(state.get("outputs")) if state.get("outputs") else ()
    cwd = there.cwd(state, workspace.project)
    options = ProcessOptions(
        name=again(decode(state.get("name"))),
        parameters=decode(state.get("params") or {}),
        tags=_tags(workspace.store, state),
        folder=str(decode(state.get("folder") or "/")),
        description=decode(state.get("description")),
        outputs=tuple(outputs),
        cwd=cwd,
        base=there.project,
        keep="copy",
        quiet=quiet,
        inputs=tuple(_inputs(state, there, workspace.project)),
        repeat=str(decode(state.get("repeat") or "")) or None,
        facts={
            "repeats": state["id"],
            "cwd": encode(str(cwd)),
            "project": encode(str(there.project)),
        },
    )
    words = [str(word) for word in decode(state.get("target") or state["command"])]
    words = [_found(word, state, cwd) for word in words]
    return record_process(workspace.store, words, options).run


def _tags(store: Store, state: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags that a run was begun with.

    Those that were put on its record later, as to keep a set of runs together, are of that record
    alone. Whoever begins a run writes its fields, its metadata and its tags, one after the other.
    """
    if state.get("origin"):  # it was imported with whatever tags it had by then
        return ()
    lines = dict(store.index().lines(str(state["id"])))  # each once
    _, beginner, _ = first = min(lines)
    for key in sorted(lines.keys() - {first}):
        line, own = lines[key], key[1] == beginner
        if own and line["op"] == "tags":
            return tuple(line["add"])
        if own and line["op"] != "meta":
            break
    return ()


def _found(word: str, state: Mapping[str, Any], cwd: Any) -> str:
    """A word of a command; code outside of the project is named by its whole path."""
    whole = os.path.realpath(os.path.join(str(decode(state.get("cwd") or cwd)), word))
    files = decode((state.get("code") or {}).get("files") or {})
    return whole if whole in files else word


def _script(workspace: Workspace, state: Mapping[str, Any], there: Replica, quiet: bool) -> str:
    """Run the script of a run again, which records itself."""
    words = [sys.executable, *map(str, decode(state["command"])[1:])]
    outside = code_base(state)
    if outside is not None:  # it was laid out with the rest
        place, main = str(decode(state.get("cwd") or outside)), str(decode(state["main_file"]))
        script = os.path.realpath(outside / main.removeprefix("./"))
        words = [
            str(there.project / main)
            if os.path.realpath(os.path.join(place, word)) == script
            else word
            for word in words
        ]
    began = time.time()
    there_before = frozenset(_since(workspace.store, began))
    environment = {
        **os.environ,
        "WHENCE_REPEATS": str(state["id"]),
        "WHENCE_STORE": str(workspace.store.root),
        "WHENCE_PROJECT": str(there.project),
    }
    environment.pop("WHENCE_RUN", None)
    with tempfile.TemporaryFile() if quiet else contextlib.nullcontext() as printed:
        done = subprocess.run(
            words,
            cwd=there.cwd(state, workspace.project),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            check=False,
        )
        said = _tail(printed) if printed is not None else "See what it printed."
    if new := _made_again(workspace.store, str(state["id"]), began, there_before):
        return new
    raise UserError.of(
        "nothing-recorded",
        f"the script of {state['id']} ran again, and recorded no run "
        f"({how_ended(done.returncode)})",
        mend=said,
    )


def _since(store: Store, moment: float) -> list[str]:
    """The runs that were begun from about then on, in order."""
    rows = store.index().connection.execute(
        "SELECT id FROM run WHERE created >= ? ORDER BY created, id", (moment - 1.0,)
    )
    return [str(row[0]) for row in rows.fetchall()]


def _made_again(store: Store, run: str, began: float, before: Container[str]) -> str | None:
    """The run that a run has become, of all that its script has made now and not before."""
    index = store.index()
    states = [index.state(one) for one in _since(store, began) if one not in before]
    after = [state for state in states if state.get("repeats") == run]
    made = siblings(store, run)
    for other in made:  # all were told that they repeat this one
        new = twin(other["id"], made, after)
        if new is not None and other["id"] != run:
            store.writer().append("set", new["id"], {"f": {"repeats": other["id"]}})
    found = twin(run, made, after) or next(iter(after), None)
    return str(found["id"]) if found is not None else None


def _tail(printed: IO[bytes]) -> str:
    """The last lines of what a script printed, indented, as a hint to why it did nothing."""
    printed.seek(max(0, printed.seek(0, os.SEEK_END) - _TAIL_BYTES))
    lines = printed.read().decode(errors="replace").splitlines()[-_TAIL_LINES:]
    return (
        "\n".join(["It printed:", *(f"  {line}" for line in lines)])
        if lines
        else "It printed nothing."
    )


_TAIL_LINES, _TAIL_BYTES = 10, 8192


def _point(workspace: Workspace, state: Mapping[str, Any], there: Replica, quiet: bool) -> str:
    """Run a point of a sweep again, in a folder of its own."""
    store, run = workspace.store, new_id()
    told = decode(state.get("target"))
    target: Target
    if isinstance(told, str):
        file, _, name = told.rpartition(":")
        path = there.project / file
        code = code_of_script(path, there.project)
        target = FileFunction(path, name, store.digest_of(path))
    else:
        cwd = there.cwd(state, workspace.project)
        target = Command(Template(tuple(map(str, told))), cwd)
        with contextlib.chdir(cwd):
            code = code_of_command(target.template.words, there.project, store.digest_of)
    origin = Origin(
        id=run,
        parent=state.get("parent"),
        dir=store.project / "runs" / "repeats" / run,
        code=code_facts(code, there.project),
        artifacts=tuple(f for f in state.get("artifacts") or () if f["category"] != "output"),
        facts={key: state.get(key) for key in _POINT_FACTS} | {"repeats": state["id"]},
    )
    assert origin.dir is not None
    job = Job(
        store=store.root,
        run=run,
        target=target,
        params=decode(state.get("params") or {}),
        state=str(state["point"]["state"]),
        dir=origin.dir,
        name=str(again(decode(state.get("name"))) or run),
        folder=str(decode(state.get("folder") or "/")),
        origin=replace(origin, facts={k: v for k, v in (origin.facts or {}).items() if v}),
        tags=_tags(store, state),
        quiet=quiet,
    )
    origin.dir.parent.mkdir(parents=True, exist_ok=True)
    repeat_point(job)
    return run


_POINT_FACTS = ("target", "inputs", "command", "repeat", "call", "point")


def _inputs(state: Mapping[str, Any], there: Replica, project: Path) -> list[str]:
    """The inputs of a program, as it is to find them."""
    cwd = there.cwd(state, project)
    found = []
    for fact in state.get("artifacts") or ():
        path = str(decode(fact.get("path") or ""))
        if fact["category"] == "input" and path:
            whole = Path(path) if os.path.isabs(path) else there.project / path.removeprefix("./")
            found.append(os.path.relpath(whole, cwd) if whole.is_relative_to(cwd) else str(whole))
    return found

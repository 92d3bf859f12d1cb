"""Whence a content came: the runs, parameters and code that made it."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from whence.base.escape import encode
from whence.base.excerpt import short
from whence.base.yaml import dump
from whence.params import varied_and_constant
from whence.records.environment import NOT_HERE, environment_of, told
from whence.records.holding import Holding, holdings, left_at, nearest
from whence.records.kinship import EMPTY
from whence.records.reader import Records
from whence.records.record import Record

MAKERS = frozenset({"run", "task"})


@dataclass(frozen=True, slots=True)
class Change:
    """A file that was not, or is not, what its run put on record.

    Attributes
    ----------
    path : str
        From the project folder, or absolute.
    run : str
        The id of the run that put it out.
    recorded, found : str
        The digests; `found` is empty where the file is gone.
    when : {"read", "now"}
        Whether it was so when it was read, or is so now.
    """

    path: str
    run: str
    recorded: str
    found: str
    when: str

    def as_dict(self) -> dict[str, str]:
        """The change as plain data."""
        return {key: getattr(self, key) for key in self.__slots__}


@dataclass(frozen=True, slots=True)
class Trace:
    """The answer to `whence trace`; ``docs/reference/json.md`` tells each member."""

    file: Path
    digest: str
    found_by: str | None = None
    category: str | None = None
    evaluation: str | None = None
    plot: Mapping[str, Any] | None = None
    runs: Sequence[str] = ()
    sweeps: Sequence[str] = ()
    varied: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    constant: Mapping[str, Any] = field(default_factory=dict)
    codes: Sequence[Mapping[str, Any]] = ()
    environment: Mapping[str, Any] | None = None
    inputs: Sequence[Mapping[str, str]] = ()
    changed: Sequence[Change] = ()
    made_by: str | None = None
    command: str | None = None
    recipe: Mapping[str, Any] | None = None
    alike: int = 1
    incomplete: bool = False
    generations: Sequence[Sequence[Mapping[str, Any]]] = ()
    ancestry: str = ""
    files: Sequence[Mapping[str, Any]] = ()

    @property
    def known(self) -> bool:
        """Whether anything is known of the file."""
        return self.found_by is not None

    @property
    def code(self) -> Mapping[str, Any] | None:
        """The code of the runs; of the newest, if they do not share one."""
        return self.codes[-1] if self.codes else None

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        plain = {
            key: getattr(self, key)
            for key in ("known", "found_by", "category", "evaluation", "plot", "code")
        }
        return {
            "file": str(self.file),
            "digest": self.digest or None,
            **plain,
            "runs": list(self.runs),
            "sweeps": list(self.sweeps),
            "varied": encode(dict(self.varied)),
            "constant": encode(dict(self.constant)),
            "codes": list(self.codes),
            "environment": self.environment,
            "inputs": list(self.inputs),
            "changed": [change.as_dict() for change in self.changed],
            "made_by": self.made_by,
            "command": self.command,
            "recipe": self.recipe,
            "alike": self.alike,
            "incomplete": self.incomplete,
            "generations": [list(generation) for generation in self.generations],
            "files": list(self.files),
        }

    def what(self) -> str:
        """What the file is, in a sentence's part."""
        if not self.digest:
            from whence.records.folder import told

            return told(self.files)
        if self.found_by is None and self.digest == EMPTY:
            return "an empty file, whose content tells nothing"
        if self.found_by is None:
            return (
                "not known here: no run on record put it out or took it in, "
                "and it carries no recipe"
            )
        if self.found_by == "summary":
            return (
                "a figure made elsewhere: its recipe tells what follows, but no store here has it"
            )
        if self.found_by == "place":
            return "not what the run below left at this place"
        if self.evaluation and self.plot:
            changed = ", but changed since" if self.found_by == "recipe" else ""
            return f"a figure on record{changed}"
        words = {"input": "an input", "code": "code", "output": "an output"}
        return f"{words.get(self.category or '', 'a file')} of what is on record"

    def __str__(self) -> str:
        lines = [f"{self.file}  {self.digest[:12]}"]
        width = max(len(title) for title, _ in self.facts())
        for title, text in self.facts():
            first, *rest = text.splitlines()
            lines += [f"{title:<{width}}  {first}", *(f"{'':<{width}}  {line}" for line in rest)]
        above = ["made from", *(f"  {line}" for line in self.ancestry.splitlines())]
        below = ["files", *(f"  {line}" for line in self.listed(_MOST))]
        lines += [*(above if self.ancestry else ()), *(below if self.files else ())]
        return "\n".join([*lines, *self.warnings()])

    def __repr__(self) -> str:
        return f"<Trace of {self.file}: {self.what()}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self)}

    def facts(self) -> Iterator[tuple[str, str]]:
        """The answer as people read it: a word, and what it is, for each line."""
        yield "is", self.what()
        if self.evaluation:
            yield "evaluation", self.evaluation
        if self.plot:
            yield "plot", f"{self.plot.get('name')}\n{_configuration(self.plot)}".rstrip()
        if self.runs:
            count = len(self.runs)
            many = f"{count}: {self.runs[0]} … {self.runs[-1]}"
            yield "runs", self.runs[0] if count == 1 else many
        for title, values in (("varied", self.varied), ("constant", self.constant)):
            for key, value in values.items():
                told = _values(value) if values is self.varied else short(value, 40)
                yield title, f"{key} = {told}"
                title = ""
        if self.code:
            commit = self.code.get("commit")
            dirty = " with changes" if self.code.get("dirty") else ""
            at = f"commit {commit[:12]}{dirty}, " if commit else ""
            yield "code", f"{at}digest {(self.code.get('digest') or '–')[:12]}"
        if self.environment:
            python = self.environment["python"]
            yield "environment", f"Python {python}" if python else NOT_HERE
        for title, command in (("made by", self.made_by), ("repeat with", self.command)):
            if command:
                yield title, command

    def listed(self, most: int) -> Iterator[str]:
        """The files of a folder as people read them, and how many more than `most` there are."""
        words = {"output": "put out by", "input": "taken in by", "code": "code of"}
        width = max((len(str(row["path"])) for row in self.files[:most]), default=0)
        for row in self.files[:most]:
            whose = f"{words[row['category']]} {row['run']}" if row["run"] else "not on record"
            yield f"{row['path']:<{width}}  {whose}"
        if len(self.files) > most:
            yield f"… and {len(self.files) - most} more"

    def warnings(self) -> Iterator[str]:
        """What a reader must know before trusting the file."""
        for when, words in (
            ("read", "edited after its run, before this was made"),
            ("now", "edited after this was made"),
        ):
            changed = [change for change in self.changed if change.when == when]
            for change in changed[:3]:
                gone = " (it is gone)" if not change.found else ""
                yield f"changed since recorded, {words}: {change.path} of run {change.run}{gone}"
            if len(changed) > 3:
                yield f"… and {len(changed) - 3} more files changed since recorded"
        if self.incomplete:
            yield (
                "the list of what this figure was made from has not arrived here, so all is told "
                "that its evaluation read; merge the store that drew it"
            )
        if self.alike > 1:
            yield (
                f"{self.alike} runs put out the same bytes; from which of them this file is, "
                "its content does not tell"
            )
        if len(self.codes) > 1:
            yield f"the runs were made by {len(self.codes)} versions of the code"


_MOST = 24  # files of a folder that are told one by one


class Tracer:
    """Answers where contents come from, from what is on record.

    Parameters
    ----------
    records : Records
        What is on record.
    digest_now : callable
        The digest of the file at a recorded path as it is now, or None where it is gone.
    content : callable
        The bytes of a digest that the store holds.
    """

    def __init__(
        self,
        records: Records,
        digest_now: Callable[[str], str | None],
        content: Callable[[str], bytes],
    ) -> None:
        self._records = records
        self._digest_now = digest_now
        self._content = content

    @staticmethod
    def from_recipe(file: Path, digest: str, recipe: Mapping[str, Any] | None) -> Trace:
        """What a file tells of itself, where there is no store to ask."""
        if recipe is None:
            return Trace(file, digest)
        return Trace(file, digest, "summary", recipe=recipe, **_told_by(recipe))

    def trace(
        self,
        file: Path,
        digest: str,
        recipe: Mapping[str, Any] | None,
        place: str | None = None,
    ) -> Trace:
        """The trace of a content, or, where it is not known, of the recipe it carries.

        Parameters
        ----------
        file : Path
            As the user named it.
        digest : str
            Of its content.
        recipe : mapping or None
            What it carries.
        place : str, optional
            Where it lies, from the project folder or absolute. It decides between runs that put
            out the same bytes.
        """
        held = holdings(self._records.connection, [digest])
        here = [item for item in held if item.path == place]
        if digest == EMPTY and not here:
            return Trace(file, digest)
        found_by = "digest"
        if not held and recipe is not None:
            held = holdings(self._records.connection, [recipe["digest"]])
            found_by = "recipe"
        if not held:
            left = left_at(self._records.connection, [place]) if place and recipe is None else {}
            if left:
                return self._edited(Trace(file, digest, "place"), left[place or ""])
            return self.from_recipe(file, digest, recipe)
        chosen = choose(here or held)
        base = Trace(file, digest, found_by, chosen.category, recipe=recipe)
        if chosen.kind == "evaluation" and chosen.category == "output":
            return self._figure(base, chosen)
        same = [item for item in here or held if item.category == chosen.category]
        return self._file(base, same, placed=bool(here))

    def _figure(self, base: Trace, held: Holding) -> Trace:
        """A figure: by way of what its evaluation read, the runs that put that out."""
        evaluation = self._records.get(held.run)
        artifact = next(
            item
            for item in evaluation.of_category("output")
            if item.digest == held.digest and item.name == held.name
        )
        meta = artifact.meta
        read = told(meta["inputs"], self._content) if meta.get("inputs") else []
        incomplete = not isinstance(read, list)
        if incomplete:  # the list is content that may not be here yet: it read some of these
            inputs = evaluation.of_category("input")
            read = [(item.path or item.name, item.digest) for item in inputs]
        makers = self._makers(read, evaluation)
        runs = dict.fromkeys(item.run for item in makers.values())
        return self.summed(
            base,
            [self._records.get(run) for run in runs],
            evaluation=evaluation.id,
            plot=meta.get("plot"),
            inputs=[{"path": path, "digest": digest} for path, digest in read],
            incomplete=incomplete,
            changed=list(self._changes(read, makers)),
            command=evaluation.state.get("repeat"),
        )

    def _file(self, base: Trace, held: Sequence[Holding], *, placed: bool) -> Trace:
        """A file that runs put out or took in."""
        runs = list(dict.fromkeys(item.run for item in held if item.kind in MAKERS))
        sweeps = [item.run for item in held if item.kind == "sweep"]
        put_out = held[-1].category == "output"
        if placed and put_out:
            runs = runs[-1:]  # whoever wrote there last
        record = self._records.get(runs[-1] if runs else held[-1].run)
        inputs = [
            {"path": item.path or item.name, "digest": item.digest}
            for item in record.of_category("input")
        ]
        return self.summed(
            base,
            [self._records.get(run) for run in runs],
            sweeps=sweeps,
            alike=len(runs) if put_out else 1,
            inputs=inputs if put_out and len(runs) < 2 else (),
            command=record.state.get("repeat"),
        )

    def _edited(self, base: Trace, held: Holding) -> Trace:
        """A file that is no longer what a run left at its place."""
        changed = Change(held.path or held.name, held.run, held.digest, base.digest, "now")
        return self.summed(base, [self._records.get(held.run)], changed=[changed])

    def _makers(self, read: Sequence[Sequence[str]], evaluation: Record) -> dict[str, Holding]:
        """For each path that was read, the hold of the run that put it out, as far as known.

        Where the content is nobody's, it is the run that left a file there before.
        """
        connection = self._records.connection
        before = evaluation.created or 0.0
        out: dict[str, list[Holding]] = {}
        for item in holdings(connection, (digest for _, digest in read)):
            if item.category == "output" and item.kind != "evaluation":
                out.setdefault(item.digest, []).append(item)
        makers: dict[str, Holding] = {}
        for path, digest in read:
            same = out.get(digest, ())
            # A run made after the figure did not make it; but clocks may disagree.
            earlier = [item for item in same if item.created <= before] or same
            if earlier:
                makers[path] = nearest(earlier, path)
        strangers = [path for path, _ in read if path not in makers]
        return makers | left_at(connection, strangers, before)

    def _changes(
        self, read: Sequence[Sequence[str]], makers: Mapping[str, Holding]
    ) -> Iterator[Change]:
        for path, digest in read:
            maker = makers.get(path)
            if maker is None:
                continue
            if maker.digest != digest:
                yield Change(path, maker.run, maker.digest, digest, "read")
            now = self._digest_now(path)
            if now != digest:
                yield Change(path, maker.run, digest, now or "", "now")

    def summed(self, base: Trace, makers: Sequence[Record], **found: Any) -> Trace:
        """The trace with what the runs have in common and what they do not."""
        runs = sorted((record for record in makers if record.kind in MAKERS), key=_place)
        sweeps = [record.id for record in makers if record.kind == "sweep"]
        parents = (record.state.get("parent") for record in runs)
        above = [*found.get("sweeps", ()), *sweeps, *filter(None, parents)]
        found["sweeps"] = list(dict.fromkeys(above))
        changing, constant = varied_and_constant([record.parameters for record in runs])
        newest = max(runs, key=lambda record: record.created or 0.0, default=None)
        return replace(
            base,
            runs=[record.id for record in runs],
            varied=changing,
            constant=constant,
            codes=_codes(runs),
            environment=self._environment(newest),
            made_by=self._made_by(newest),
            **found,
        )

    def _environment(self, record: Record | None) -> dict[str, Any] | None:
        digest = record.state.get("environment") if record else None
        if not digest:
            return None
        known = environment_of(record) if record else None
        return {"digest": digest, "python": known.get("python") if known else None}

    def _made_by(self, record: Record | None) -> str | None:
        """The command line of the sweep that the runs belong to, or of the run itself."""
        if record is None:
            return None
        parent = record.state.get("parent")
        above = self._records.find(parent) if parent else None
        state = (above or record).state
        command = state.get("command")
        return state.get("repeat") or (shlex.join(command) if command else None)


def _configuration(plot: Mapping[str, Any]) -> str:
    """A plot's configuration as it stands in YAML."""
    configuration = plot.get("configuration")
    return dump(_tagged(configuration)).rstrip() if configuration else ""


@dataclass(frozen=True, slots=True)
class _Tagged:
    tag: str
    value: Any

    def yaml_node(self) -> tuple[str, Any]:
        return self.tag, self.value


def _tagged(value: Any) -> Any:
    """Plain data in which ``{"!tag": x}`` stands for a tag, with the tags put back."""
    if isinstance(value, Mapping):
        if len(value) == 1 and next(iter(value)).startswith("!"):
            ((tag, inner),) = value.items()
            return _Tagged(tag, _tagged(inner))
        return {key: _tagged(item) for key, item in value.items()}
    return [_tagged(item) for item in value] if isinstance(value, list) else value


def _values(values: Sequence[Any]) -> str:
    told = [short(item, 20) for item in values]
    if len(told) > 12:
        told = [*told[:6], "…", *told[-2:]]
    return f"{', '.join(told)}  ({len(values)} values)" if len(values) > 1 else told[0]


def changed_since(connection: sqlite3.Connection, read: Mapping[str, str]) -> tuple[Change, ...]:
    """Which of the files, given by path and digest, are not as a run left them there."""
    at = left_at(connection, read)
    return tuple(
        Change(path, held.run, held.digest, read[path], "read")
        for path, held in at.items()
        if held.digest != read[path]
    )


def _place(record: Record) -> tuple[int, float, str]:
    """Points of a sweep by their number, other runs by time."""
    state = (record.state.get("point") or {}).get("state")
    return state if isinstance(state, int) else -1, record.created or 0.0, record.id


def choose(held: Sequence[Holding]) -> Holding:
    """The hold that tells most: put out before taken in, by an evaluation before a run, oldest.

    The same recipe gives the same bytes: the first evaluation drew them, later ones only again.
    """
    rank = {"output": 2, "input": 1, "code": 0}
    return max(
        held, key=lambda item: (rank[item.category], item.kind == "evaluation", -item.created)
    )


def _codes(runs: Sequence[Record]) -> list[dict[str, Any]]:
    """The distinct versions of the code of the runs, that of the newest run last."""
    codes: dict[str, dict[str, Any]] = {}
    for record in sorted(runs, key=lambda record: record.created or 0.0):
        code = record.state.get("code") or {}
        told = {key: code.get(key) for key in ("commit", "dirty", "digest")}
        if any(told.values()):
            codes.pop(str(told), None)
            codes[str(told)] = told
    return list(codes.values())


def _told_by(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """What the recipe alone tells."""
    code = dict(recipe.get("code") or {})
    return {
        "plot": {"name": recipe.get("plot"), "configuration": recipe.get("configuration")},
        "codes": [{key: code.get(key) for key in ("commit", "dirty", "digest")}] if code else [],
    }

"""Drawing: from a task to figures on disk, with nothing done that a cache spares."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.base.digest import digest_bytes, digest_value
from whence.base.error import UserError, WhenceError
from whence.base.problem import Problem, Where
from whence.plot import render
from whence.plot.creator import Task
from whence.plot.figure import Figure
from whence.plot.helper import PlotHelper
from whence.plot.place import Place, resolved, write
from whence.plot.recipe import Recipe
from whence.plot.scope import Scope
from whence.plot.selection import Selection, select

if TYPE_CHECKING:
    from whence.transform import Cache, Recorder

_log = logging.getLogger(__name__)

_TRIES = 3

# What decides where files go or how errors are told, not what is drawn.
_NOT_DRAWN = ("out_dir", "file_ext", "save_plot_cfg", "exist_ok", "raise_exc", "debug", "enabled",
              "parallel")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawing:
    """A task with all that is known before anything is read: its data's graph and its recipe."""

    task: Task
    selection: Selection
    recipe: Recipe

    def key(self, format_: str) -> str:
        """What the drawn bytes are known by in a cache."""
        return digest_value(["figure", self.recipe.digest, format_])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A task that cannot be done, though others of its plot can: its universe lacks the data."""

    task: Task
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Studio:
    """What drawing needs: where figures go, and who caches, records and knows digests."""

    place: Place
    digest_of: Callable[[Path], str]
    cache: Cache | None = None
    recorder: Recorder | None = None
    code: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False

    def plan(self, task: Task) -> Drawing:
        """Decide what is drawn; nothing is read but the digests of files.

        Raises
        ------
        UserError
            If the selection or the transformations cannot be, or lack a tag the function needs.
        """
        selection = select(task, self.digest_of)
        spec = task.spec
        configuration = {k: v for k, v in resolved(spec).items() if k not in _NOT_DRAWN}
        if configuration.get("module_file"):  # its folder is no part of what is drawn
            configuration["module_file"] = Path(configuration["module_file"]).name
        function = {"name": spec.function.name}
        if spec.function.digest:
            function["digest"] = spec.function.digest
        recipe = Recipe.of(
            task.stem,
            configuration,
            data=selection.digest,
            inputs=[digest for _, digest in selection.files],
            function=function,
            code=self.code,
            libraries=render.libraries(),
        )
        return Drawing(task, selection, recipe)

    def plan_all(self, tasks: Sequence[Task]) -> Sequence[Drawing | Refusal]:
        """Decide what is drawn for all figures of a plot.

        Raises
        ------
        UserError
            If none of them can be drawn, with the problems of the first.
        """
        planned: list[Drawing | Refusal] = []
        for task in tasks:
            try:
                planned.append(self.plan(task))
            except UserError as error:
                planned.append(Refusal(task, error.problems))
        if planned and all(isinstance(one, Refusal) for one in planned):
            raise UserError(*planned[0].problems)  # type: ignore[union-attr]
        return planned

    def draw(self, drawing: Drawing | Refusal) -> Sequence[Figure]:
        """The figure in each of its formats, written; a failure is a result, too."""
        if isinstance(drawing, Refusal):
            spec, stem = drawing.task.spec, drawing.task.stem
            return [
                Figure(spec.name, self.place.file(spec, stem, f".{format_}"), format_, "failed",
                       problems=drawing.problems)
                for format_ in spec.formats
            ]  # fmt: skip
        done: list[Figure] = []
        start = time.perf_counter()
        try:
            wanted = [format_ for format_ in drawing.task.spec.formats
                      if not self._is_there(drawing, format_, done)]  # fmt: skip
            drawn = self._from_cache(drawing, wanted)
            status = dict.fromkeys(drawn, "cached")
            missing = [format_ for format_ in wanted if format_ not in drawn]
            if missing:
                drawing, made = self._drawn(drawing, wanted, missing)
                drawn |= made
                status = {
                    format_: state for format_, state in status.items() if format_ not in made
                }
            else:
                self._tell_read(drawing)
            for format_, data in drawn.items():
                seconds = (time.perf_counter() - start) / len(drawn)
                state = status.get(format_, "drawn")
                done.append(self._write(drawing, format_, data, (state, seconds)))
        except Exception as error:  # plot functions and operations of users raise anything
            _log.debug("drawing %s failed", drawing.task.stem, exc_info=True)
            problems = tuple(_problems(drawing.task, error))
            finished = {figure.format for figure in done}
            done += [
                self._figure(drawing, format_, "failed", problems=problems)
                for format_ in drawing.task.spec.formats
                if format_ not in finished
            ]
        return done

    def _figure(self, drawing: Drawing, format_: str, status: str, **facts: Any) -> Figure:
        return Figure(
            drawing.task.spec.name,
            self._path(drawing, format_),
            format_,
            status,
            drawing.recipe,
            files=drawing.selection.files,
            tags=drawing.selection.tags,
            **facts,
        )

    def _path(self, drawing: Drawing, format_: str) -> Path:
        return self.place.file(drawing.task.spec, drawing.task.stem, f".{format_}")

    def _is_there(self, drawing: Drawing, format_: str, done: list[Figure]) -> bool:
        skip = drawing.task.spec.get("exist_ok") == "skip"
        if skip and self._path(drawing, format_).exists():
            done.append(self._figure(drawing, format_, "skipped"))
            return True
        return False

    def _from_cache(self, drawing: Drawing, formats: Sequence[str]) -> dict[str, bytes]:
        if self.cache is None or self.again:
            return {}
        found = {format_: self.cache.get(drawing.key(format_)) for format_ in formats}
        return {format_: data for format_, data in found.items() if isinstance(data, bytes)}

    def _tell_read(self, drawing: Drawing) -> None:
        if self.recorder is not None:
            for path, digest in drawing.selection.files:
                self.recorder.read(path, digest)

    def _drawn(
        self, drawing: Drawing, wanted: Sequence[str], missing: Sequence[str]
    ) -> tuple[Drawing, dict[str, bytes]]:
        """The figure in the missing formats; in all of them, as data are now, if these changed.

        Raises
        ------
        UserError
            If data change each time that they are read.
        """
        formats = missing
        for _ in range(_TRIES):
            start = time.perf_counter()
            drawn = self._render(drawing, formats)
            if not drawing.selection.changed():
                self._keep(drawing, drawn, time.perf_counter() - start)
                return drawing, drawn
            _log.warning("data of %s changed while it was drawn: drawn again", drawing.task.stem)
            drawing, formats = self.plan(drawing.task), wanted
        raise UserError.of(
            "file-changing",
            f"the data of {drawing.task.stem!r} changed each of the {_TRIES} times it was drawn",
            mend="Draw it when the program that writes them has ended.",
        )

    def _keep(self, drawing: Drawing, drawn: Mapping[str, bytes], seconds: float) -> None:
        if self.cache is not None:
            for format_, data in drawn.items():
                self.cache.put(drawing.key(format_), data, seconds)
            self.cache.flush()

    def _render(self, drawing: Drawing, formats: Sequence[str]) -> dict[str, bytes]:
        spec = drawing.task.spec
        args, keywords = drawing.selection.evaluate(self.cache, self.recorder)
        results = keywords.get("data", {})
        options, helpers, style = drawing.selection.filled(results)
        with render.sheet(style) as figure:
            hlpr = PlotHelper(figure, helpers, drawing.task.caption)
            for name, settings in (spec.function.traits.helper_defaults or {}).items():
                hlpr.provide_defaults(name, **settings)
            spec.function.call(*args, **keywords, hlpr=hlpr, **options)
            hlpr.invoke_helpers()
            render.settle(figure)
            return {format_: render.render(figure, format_, drawing.recipe) for format_ in formats}

    def _write(self, drawing: Drawing, format_: str, data: bytes, how: tuple[str, float]) -> Figure:
        spec = drawing.task.spec
        path = self._path(drawing, format_)
        if path.exists() and not spec.get("exist_ok") and path.read_bytes() != data:
            raise UserError.of(
                "exists",
                f"{str(path)!r} is there already, and is another figure",
                mend="Draw into another folder, or set `exist_ok: true`.",
            )
        write(path, data)
        digest = digest_bytes(data)
        if self.recorder is not None:
            self.recorder.wrote(path, digest)
        status, seconds = how
        return self._figure(drawing, format_, status, digest=digest, seconds=seconds)


def _problems(task: Task, error: Exception) -> Sequence[Problem]:
    scope = task.spec.scope
    if isinstance(error, WhenceError):
        return [replace(problem, where=_place(problem, scope)) for problem in error.problems]
    first = str(error).splitlines()[0] if str(error) else ""
    message = f"drawing {task.stem!r} failed: {type(error).__name__}: {first}".rstrip(": ")
    return [scope.problem("plot-failed", message)]


def _place(problem: Problem, scope: Scope) -> Where:
    """The place of a problem; a bare path is understood relative to the plot."""
    where = problem.where
    if where is None or where.file is not None or where.path[: len(scope.path)] == scope.path:
        return where or scope.where
    return scope.at(*where.path).where

"""What a figure shows: the graph from its configuration, before anything is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.base.digest import digest_value
from whence.base.error import UserError
from whence.base.problem import did_you_mean

if TYPE_CHECKING:
    from whence.plot.creator import Task
    from whence.transform import Cache, Graph, Recorder, Witness

DAG_OPTIONS = ("define", "select_base", "select_path_prefix")


@dataclass(frozen=True, slots=True)
class Selection:
    """The data of a figure, described.

    Attributes
    ----------
    task : Task
        What it is for.
    graph : Graph or None
        What makes the data; None for plot functions that take the data tree itself.
    tags : tuple of str
        The results that are needed.
    files : tuple of (Path, digest)
        The files that they depend on.
    digest : str
        What tells the data from any other.
    witness : Witness
        Knows whether the files are still what they were.
    """

    task: Task
    graph: Graph | None
    tags: tuple[str, ...]
    files: tuple[tuple[Path, str], ...]
    digest: str
    witness: Witness

    def changed(self) -> bool:
        """Whether one of the files is another by now."""
        return bool(self.witness.changed(path for path, _ in self.files))

    def evaluate(
        self, cache: Cache | None, recorder: Recorder | None
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The positional and keyword arguments for the plot function.

        Raises
        ------
        UserError
            If a transformation fails.
        """
        if self.graph is None:
            if recorder is not None:
                for path, digest in self.files:
                    recorder.read(path, digest)
            universe = self.task.universe
            if universe is None:
                return (self.task.group or self.task.base,), {}
            return (self.task.group,), {"uni": universe}
        results = self.graph.evaluate(self.tags, cache=cache, recorder=recorder)
        return (), {"data": {tag: _named(results[tag], self._label(tag)) for tag in self.tags}}

    def _label(self, tag: str) -> str:
        """What data without a name of its own is called: what it was selected as."""
        select = self.task.spec.get("select") or {}
        entry = select.get(tag)
        path = entry.get("path") if isinstance(entry, Mapping) else entry
        if isinstance(path, str):
            return path.rstrip("/").rpartition("/")[2]
        fields = (self.task.spec.get("select_and_combine") or {}).get("fields") or {}
        return str(next(iter(fields))) if len(fields) == 1 else ""

    def filled(
        self, results: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Options, helpers and style, with ``!dag_result`` replaced by the results."""
        from whence.transform import fill_results

        spec = self.task.spec
        style = {**(spec.settings.get("style") or {}), **(spec.configuration.get("style") or {})}
        parts = dict(spec.options), dict(spec.configuration.get("helpers") or {}), style
        options, helpers, style = (fill_results(part, results) for part in parts)
        return options, helpers, style


def select(task: Task, digest_of: Callable[[Path], str]) -> Selection:
    """The selection of a task; nothing is read but the digests of files.

    Raises
    ------
    UserError
        With every problem of its ``select`` and ``transform``, and for missing tags.
    """
    if not task.spec.use_dag:
        from whence.transform import Witness
        from whence.tree import identity, sources

        witness = Witness(digest_of)
        files = tuple((s.file, witness.digest_of(s.file)) for s in sources(task.base))
        key = identity(task.base, witness.digest_of)
        return Selection(task, None, (), files, key, witness)
    graph = _graph(task, digest_of)
    tags = _tags(task, graph)
    keys = {tag: graph.tags[tag].key for tag in tags}
    return Selection(task, graph, tags, graph.files(tags), digest_value(keys), graph.witness)


def _graph(task: Task, digest_of: Callable[[Path], str]) -> Graph:
    from whence.transform import Sections, build_graph

    spec = task.spec
    options = spec.configuration.get("dag_options") or {}
    combine = spec.configuration.get("select_and_combine")
    base = task.group if combine is not None else task.base
    if options.get("select_base"):
        base = base[options["select_base"]]
    sections = Sections(
        define=options.get("define") or {},
        select=spec.configuration.get("select") or {},
        combine=combine,
        transform=spec.configuration.get("transform") or (),
        base=base,
        prefix=options.get("select_path_prefix") or "",
        trees={"dm": task.dm} | ({"uni": task.universe} if task.universe is not None else {}),
        place=spec.scope,
        define_at=("dag_options", "define"),
    )
    return build_graph(sections, digest_of=digest_of)


def _tags(task: Task, graph: Graph) -> tuple[str, ...]:
    """The results to compute, checked against what the plot function needs."""
    spec = task.spec
    traits = spec.function.traits
    available = graph.default_tags()
    missing = [tag for tag in traits.required_dag_tags if tag not in graph.tags]
    if missing:
        near = did_you_mean(missing[0], available)
        listed = ", ".join(map(repr, available)) or "none"
        raise UserError(
            spec.scope.problem(
                "missing-tag",
                f"the plot function {spec.function.name!r} needs a result tagged {missing[0]!r}",
                f"{near + ' ' if near else ''}Put `tag: {missing[0]}` on the step that makes it; "
                f"the tags are: {listed}.",
            )
        )
    asked = spec.configuration.get("compute_only")
    if asked == "all":
        return tuple(available)
    if asked is not None:
        wanted = [asked] if isinstance(asked, str) else list(asked)
        for tag in wanted:
            if tag not in graph.tags:
                raise UserError(spec.scope.at("compute_only").unknown("tag", str(tag), graph.tags))
        return tuple(dict.fromkeys((*wanted, *traits.required_dag_tags)))
    if traits.required_dag_tags and traits.compute_only_required_dag_tags:
        return traits.required_dag_tags
    return tuple(available)


def _named(value: Any, label: str) -> Any:
    """The value; an array without a name gets this one, for axis labels."""
    if label and type(value).__name__ == "DataArray" and value.name is None:
        return value.rename(label)
    return value

"""From the sections of a configuration to a graph, checked whole before anything is computed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from whence.base.digest import digest_file, digest_value
from whence.base.error import UserError
from whence.base.problem import Problem, Where, did_you_mean
from whence.transform.graph import DigestOf, Graph, Step
from whence.transform.node import UNCACHED, Node, Rule
from whence.transform.place import Place, Spot
from whence.transform.reference import (
    DagNode,
    DagPrev,
    DagTag,
    KeywordArg,
    PositionalArg,
    ResultTag,
    references,
)
from whence.transform.step import StepReader, StepSpec
from whence.transform.treeread import key_at, segments, tree_node, value_at

_SELECT_KEYS = (
    "path", "transform", "with_previous_result", "salt", "omit_tag", "allow_failure", "fallback",
)  # fmt: skip


_LEAF = Step(rule=UNCACHED)


@dataclass(frozen=True, slots=True)
class Sections:
    """What a configuration says of data: what to define, select, combine and transform.

    Attributes
    ----------
    define : mapping
        Tag to constant, or to a list of steps.
    select : mapping
        Tag to the path of what to select from `base`, or to a mapping of ``path`` and
        ``transform``.
    combine : mapping, optional
        The section ``select_and_combine``.
    transform : sequence
        The steps, in order.
    base : group, optional
        The group of the data tree that paths start at. It is tagged ``select_base``.
    group : ParamSpaceGroup, optional
        The group of the parameter space for `combine`; `base` if not given.
    prefix : str
        Put before every path of `select`.
    trees : mapping
        Further nodes of the data tree by the tag that names them, like ``dm`` and ``uni``.
    place : Place
        Where these sections stand; each is looked up under its name: ``select_and_combine``,
        ``select``, ``transform`` and ``define`` (`define_at` if elsewhere).
    define_at : tuple of str
        The path of the section `define` below `place`.
    """

    define: Mapping[str, Any] = field(default_factory=dict)
    select: Mapping[str, Any] = field(default_factory=dict)
    combine: Mapping[str, Any] | None = None
    transform: Sequence[Any] = ()
    base: Any = None
    group: Any = None
    prefix: str = ""
    trees: Mapping[str, Any] = field(default_factory=dict)
    place: Place = field(default_factory=Spot)
    define_at: tuple[str, ...] = ("define",)


def build_graph(sections: Sections, *, digest_of: DigestOf = digest_file) -> Graph:
    """The graph that the sections describe.

    Parameters
    ----------
    sections : Sections
        The configuration.
    digest_of : callable
        Gives the digest of a file's content.

    Raises
    ------
    UserError
        With every problem of the sections, each with its place: unknown operations, keys, tags
        and paths, tags given twice, references that lead nowhere.

    Examples
    --------
    >>> graph = build_graph(Sections(define={"x": 20}, transform=[{"add": [1, DagTag("x")],
    ...                                                           "tag": "y"}]))
    >>> graph.evaluate(["y"])["y"]
    21
    """
    builder = Builder(sections, Graph(digest_of=digest_of))
    builder.build()
    if builder.problems:
        raise UserError(*dict.fromkeys(builder.problems))
    return builder.graph


class Builder:
    """Adds what sections describe to a graph, and notes all that is wrong on the way."""

    def __init__(self, sections: Sections, graph: Graph) -> None:
        self.sections = sections
        self.graph = graph
        self.reader = StepReader()
        self._trees = dict(sections.trees)
        if sections.base is not None:
            self._trees.setdefault("select_base", sections.base)
        self._broken: set[str] = set()
        self._later: dict[str, Where] = {}

    @property
    def problems(self) -> list[Problem]:
        """What is wrong so far."""
        return self.reader.problems

    def build(self) -> None:
        """Add everything."""
        sections, place = self.sections, self.sections.place
        defined = self._mapping(sections.define, place.at(*sections.define_at))
        selected = self._mapping(sections.select, place.at("select"))
        steps = sections.transform if sections.transform is not None else ()
        if isinstance(steps, str) or not isinstance(steps, Sequence):
            self.note(
                "bad-value", "'transform' is not a list of steps", place.at("transform").where
            )
            steps = ()
        for i, raw in enumerate(steps):
            if isinstance(raw, Mapping) and isinstance(raw.get("tag"), str):
                self._later.setdefault(raw["tag"], place.at("transform", i).where)
        combining = sections.combine
        if combining is not None:
            from whence.transform.combine import combine_fields

            entries = {**{("define", tag): raw for tag, raw in defined.items()}}
            self._in_order(entries)
            combine_fields(self, combining, place.at("select_and_combine"))
            self._in_order({("select", tag): raw for tag, raw in selected.items()})
        else:
            entries = {("define", tag): raw for tag, raw in defined.items()}
            self._in_order(entries | {("select", tag): raw for tag, raw in selected.items()})
        self.add_steps(steps, place.at("transform"), self.graph.last)

    def add_steps(
        self,
        steps: Iterable[Any],
        place: Place,
        previous: Node | None,
        *,
        rule: Rule | None = None,
        tagged: bool = True,
    ) -> Node | None:
        """Add steps, each of which may refer to the one before; gives the last one's node.

        Parameters
        ----------
        rule : Rule, optional
            For the last step, in place of its own.
        tagged : bool
            Whether steps may carry tags; they may not where they are repeated per universe.
        """
        specs = [
            (self.reader.read(raw, place.at(i)), raw, place.at(i)) for i, raw in enumerate(steps)
        ]
        return self.add_specs(specs, previous, rule=rule, tagged=tagged)

    def add_specs(
        self,
        specs: Sequence[tuple[StepSpec | None, Any, Place]],
        previous: Node | None,
        *,
        rule: Rule | None = None,
        tagged: bool = True,
    ) -> Node | None:
        """Add steps that were read already."""
        for i, (spec, raw, place) in enumerate(specs):
            if spec is None:
                tag = raw.get("tag") if isinstance(raw, Mapping) else None
                previous = self.broken(tag)
                continue
            if spec.tag is not None and not tagged:
                self.note(
                    "tag-in-universe",
                    "a step done for every universe cannot be tagged",
                    place.key("tag").where,
                    "Tag the field, or a step of 'transform'.",
                )
            last = i == len(specs) - 1
            previous = self._add(spec, previous, rule if last else None, tagged=tagged)
        return previous

    def _add(
        self, spec: StepSpec, previous: Node | None, rule: Rule | None, *, tagged: bool
    ) -> Node:
        before = len(self.problems)
        args = [self.resolved(arg, previous, spec.where) for arg in spec.args]
        kwargs = {k: self.resolved(arg, previous, spec.where) for k, arg in spec.kwargs.items()}
        rule = rule or spec.rule
        if references_in_rule(rule):
            fallback = self.resolved(rule.fallback, previous, spec.where)
            rule = dataclasses.replace(rule, fallback=fallback)
        tag = spec.tag if tagged else None
        if len(self.problems) == before:
            step = Step(tag, rule, spec.where, spec.forced)
            try:
                return self.graph.add(spec.operation, args, kwargs, step=step)
            except UserError as error:
                self.add_problems(error, spec.where)
        return self.broken(tag)

    def resolved(self, value: Any, previous: Node | None, where: Where) -> Any:
        """The value with nodes in place of references; what leads nowhere is noted."""
        if isinstance(value, DagTag):
            return self._tagged(value.name, value.where or where)
        if isinstance(value, DagPrev):
            if previous is None:
                self.note("no-previous-result", "there is no step before this one",
                          value.where or where, "Name a result with !dag_tag.")  # fmt: skip
            return previous
        if isinstance(value, DagNode):
            return self._numbered(value, where)
        if isinstance(value, ResultTag | PositionalArg | KeywordArg):
            tag = value.yaml_node()[0]
            where = value.where or where
            if isinstance(value, ResultTag):
                self.note("bad-reference", f"{tag} does not work in the transformation itself",
                          where, f"Write `!dag_tag {value.name}`.")  # fmt: skip
            else:
                self.note("bad-reference", f"{tag} has a meaning only in a meta-operation, and "
                          "these are not accepted yet", where)  # fmt: skip
            return None
        if type(value) is dict:
            return {key: self.resolved(item, previous, where) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(self.resolved(item, previous, where) for item in value)
        return value

    def _tagged(self, name: str, where: Where) -> Node | None:
        if name in self.graph.tags:
            return self.graph.tags[name]
        if name in self._broken:
            return self.broken(None)
        if name in self._trees:
            node = self.from_tree(self._trees[name], "", where=where, name=name)
            self.graph.tags["." + name] = node
            return node
        if name == "dag":
            mend = "The tag 'dag' is not accepted yet."
        elif name in self._later:
            mend = f"It is made later, at {self._later[name]}: put this step behind that one."
        else:
            known = [*self.graph.tags, *self._trees]
            listed = ", ".join(repr(tag) for tag in known[:12]) or "none yet"
            mend = did_you_mean(name, known) or f"The tags are: {listed}."
        self.note("unknown-tag", f"unknown tag {name!r}", where, mend)
        return None

    def _numbered(self, value: DagNode, where: Where) -> Node | None:
        try:
            return self.graph.order[value.index]
        except IndexError:
            self.note(
                "bad-reference",
                f"!dag_node {value.index} leads nowhere: there are {len(self.graph.order)} nodes",
                value.where or where,
                "Tag the step and use !dag_tag.",
            )
            return None

    def from_tree(
        self, base: Any, path: Any, *, where: Where, name: str = "", step: Step = _LEAF
    ) -> Node:
        """A leaf for what lies at a path in the data tree, read only when it is needed.

        Raises
        ------
        UserError
            If nothing lies there.
        """
        from whence.tree import sources

        holder, rest = tree_node(base, path)
        key = _with_fallback(key_at(holder, rest, self.graph.digest_of), step.rule)
        step = dataclasses.replace(
            step, where=where, rule=dataclasses.replace(step.rule, cached=False)
        )
        label = f"reading {name or '/'.join(map(str, segments(path)))}"
        return self.graph.read(
            lambda: value_at(holder, rest), key, sources(holder), name=label, step=step
        )

    def broken(self, tag: str | None) -> Node:
        """A stand-in for what could not be added, so that the rest can be checked, too."""
        if tag is not None:
            self._broken.add(tag)
        return self.graph.leaf(None, "broken")

    def tag(self, name: str, node: Node, where: Where) -> None:
        """Name a node's result; a name that is taken is noted."""
        try:
            self.graph.tag(name, node, where)
        except UserError as error:
            self.add_problems(error, where)

    def note(self, code: str, message: str, where: Where, mend: str | None = None) -> None:
        """Note something that is wrong."""
        self.problems.append(Problem(code, message, where, mend))

    def add_problems(self, error: UserError, where: Where) -> None:
        """Note the problems of an error, at this place where they have none."""
        for problem in error.problems:
            placed = problem if problem.where else dataclasses.replace(problem, where=where)
            self.problems.append(placed)

    def check_keys(self, raw: Mapping[str, Any], known: Sequence[str], place: Place) -> bool:
        """Whether a mapping has no other keys; those that it has are noted."""
        unknown = [key for key in raw if key not in known]
        for key in unknown:
            mend = did_you_mean(str(key), known) or f"Known are: {', '.join(known)}."
            self.note("unknown-key", f"unknown key {key!r}", place.key(key).where, mend)
        return not unknown

    def _mapping(self, value: Any, place: Place) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.note("bad-value", "this section is not a mapping from tags", place.where)
            return {}
        good = {}
        for tag, raw in value.items():
            if isinstance(tag, str) and tag and "::" not in tag:
                good[tag] = raw
            else:
                self.note("bad-tag", f"{tag!r} cannot be a tag", place.key(tag).where,
                          "A tag is a text without '::'.")  # fmt: skip
        return good

    def _in_order(self, entries: Mapping[tuple[str, str], Any]) -> None:
        """Add definitions and selections, each after those that it refers to."""
        maker = {inner: key for key, raw in entries.items() for inner in _tags_in(key[1], raw)}
        waiting = {
            key: {
                maker[ref.name]
                for ref in references(raw)
                if isinstance(ref, DagTag) and ref.name in maker
            }
            - {key}
            for key, raw in sorted(entries.items(), key=lambda item: item[0])
        }
        while waiting:
            ready = next(
                (key for key, needs in waiting.items() if not needs & waiting.keys()), None
            )
            if ready is None:
                circle = ", ".join(repr(key[1]) for key in waiting)
                first = next(iter(waiting))
                self.note("circular-tags", f"these refer to one another: {circle}",
                          self._place_of(first).where)  # fmt: skip
                return
            del waiting[ready]
            adds = self._define if ready[0] == "define" else self._select
            adds(ready[1], entries[ready], self._place_of(ready))

    def _place_of(self, entry: tuple[str, str]) -> Place:
        section = self.sections.define_at if entry[0] == "define" else ("select",)
        return self.sections.place.at(*section, entry[1])

    def _define(self, tag: str, raw: Any, place: Place) -> None:
        if isinstance(raw, list):
            node = self.add_steps(raw, place, self.graph.last)
            if node is None:
                self.note("bad-value", "an empty list defines nothing", place.where)
                node = self.broken(tag)
        else:
            node = self._constant(tag, raw, place)
        if tag not in self._broken:
            self.tag(tag, node, place.where)

    def _constant(self, tag: str, raw: Any, place: Place) -> Node:
        before = len(self.problems)
        value = self.resolved(raw, self.graph.last, place.where)
        try:
            if len(self.problems) == before:
                return self.graph.constant(value, Step(where=place.where, rule=UNCACHED))
        except UserError as error:
            self.add_problems(error, place.where)
        return self.broken(tag)

    def _select(self, tag: str, raw: Any, place: Place) -> None:
        spec: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {"path": raw}
        if self.sections.base is None:
            self.note("no-data", "there is nothing to select from", place.where)
            self.broken(tag)
            return
        node = self._selected(spec, place, isinstance(raw, Mapping))
        if node is None:
            self.broken(tag)
            return
        steps = spec.get("transform")
        if steps:
            if not isinstance(steps, list):
                self.note(
                    "bad-value", "'transform' is not a list of steps", place.at("transform").where
                )
            else:
                node = self.add_steps(steps, place.at("transform"), node) or node
        if not spec.get("omit_tag"):
            self.tag(tag, node, place.where)

    def _selected(self, spec: Mapping[str, Any], place: Place, mapped: bool) -> Node | None:
        if not self.check_keys(spec, _SELECT_KEYS, place):
            return None
        at = place.at("path") if mapped else place
        path = spec.get("path")
        if not isinstance(path, str | list | int) or path == "" or isinstance(path, bool):
            self.note("no-path", "a selection needs the path of what to select", at.where,
                      "Write it like `energy: data/energy`.")  # fmt: skip
            return None
        if spec.get("with_previous_result"):
            self.note("not-accepted-yet", "'with_previous_result' is not accepted here yet",
                      place.key("with_previous_result").where)  # fmt: skip
            return None
        rule = self.reader.read_rule(spec, place)
        if references_in_rule(rule):
            fallback = self.resolved(rule.fallback, self.graph.last, place.where)
            rule = dataclasses.replace(rule, fallback=fallback)
        whole = [*segments(self.sections.prefix), *segments(path)]
        try:
            return self.from_tree(self.sections.base, whole, where=at.where, step=Step(rule=rule))
        except UserError as error:
            if not rule.allow_failure:
                self.add_problems(error, at.where)
                return None
            return self._absent(error, whole, rule, at.where)

    def _absent(self, error: UserError, path: list[Any], rule: Rule, where: Where) -> Node:
        """A leaf for what is not there but may fail."""

        def load() -> Any:
            raise error

        key = _with_fallback(digest_value(["absent", [str(part) for part in path]]), rule)
        label = f"reading {'/'.join(map(str, path))}"
        step = Step(rule=dataclasses.replace(rule, cached=False), where=where)
        return self.graph.read(load, key, name=label, step=step)


def _with_fallback(key: str, rule: Rule) -> str:
    """The identity of a leaf that a fallback may stand in for."""
    if not rule.allow_failure:
        return key
    fallback = rule.fallback
    return digest_value([key, fallback.key if isinstance(fallback, Node) else fallback])


def references_in_rule(rule: Rule) -> bool:
    """Whether a fallback has references to resolve."""
    return rule.allow_failure is not False and next(references(rule.fallback), None) is not None


def _tags_in(tag: str, raw: Any) -> Iterable[str]:
    yield tag
    steps = raw.get("transform") if isinstance(raw, Mapping) else raw
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, Mapping) and isinstance(step.get("tag"), str):
            yield step["tag"]

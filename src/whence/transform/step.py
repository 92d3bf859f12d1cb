"""Steps as configurations write them: full, in shorthand, or as a bare name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from whence.base.error import UserError
from whence.base.problem import Problem, Where, did_you_mean
from whence.transform.arithmetic import expression_names
from whence.transform.builtin import GATEWAYS
from whence.transform.node import Rule
from whence.transform.operation import Operation, find_operation, operations
from whence.transform.place import Place, of_step
from whence.transform.reference import REFERENCES, DagPrev, DagTag

KEYS = (
    "operation", "args", "kwargs", "tag", "force_compute", "with_previous_result", "salt",
    "memory_cache", "file_cache", "ignore_hooks", "allow_failure", "fallback", "context",
)  # fmt: skip
FAILURES = (False, True, "log", "warn", "silent")


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One step, read but with its references still open.

    Attributes
    ----------
    operation : Operation
        What it applies.
    args, kwargs : list, dict
        Its arguments, with references in them.
    tag : str or None
        The name of its result.
    rule : Rule
        Salt, fallback and caching.
    forced : bool
        Whether it is computed though nothing needs it.
    where : Where
        Where its operation is named.
    """

    operation: Operation
    args: list[Any]
    kwargs: dict[str, Any]
    tag: str | None
    rule: Rule
    forced: bool
    where: Where


@dataclass(slots=True)
class StepReader:
    """Reads steps and notes what is wrong with them.

    Attributes
    ----------
    problems : list of Problem
        Where to note it.
    """

    problems: list[Problem] = field(default_factory=list)

    def read(self, raw: Any, place: Place) -> StepSpec | None:
        """The step, or None if something is wrong with it, which is noted."""
        before = len(self.problems)
        if isinstance(raw, str):
            raw = {raw: DagPrev(where=place.where)}
        if isinstance(raw, REFERENCES) or not isinstance(raw, Mapping):
            self._note(
                "bad-step",
                f"a step names an operation, this is {_kind(raw)}",
                place.where,
                "Write it like `- add: [1, 2]`, or `- .mean` for the result of the step before.",
            )
            return None
        found = self._operation(raw, place)
        if found is None:
            return None
        name, content, where = found
        args, kwargs = self._arguments(raw, content, place)
        spec = self._settings(raw, place)
        operation = self._find(name, args, where)
        if len(self.problems) > before or operation is None:
            return None
        if operation.name == "expression":
            self._expression(args, kwargs, where)
        if raw.get("with_previous_result"):
            args.insert(0, DagPrev(where=where))
        if len(self.problems) > before:
            return None
        return StepSpec(
            operation, args, kwargs, raw.get("tag"), spec, bool(raw.get("force_compute")), where
        )

    def read_rule(self, raw: Mapping[str, Any], place: Place) -> Rule:
        """The salt, fallback and caching of a step or selection."""
        allow = raw.get("allow_failure", False)
        if allow not in FAILURES:
            self._note(
                "bad-value",
                f"'allow_failure' is {allow!r}",
                place.at("allow_failure").where,
                "It can be true, false, log, warn or silent.",
            )
            allow = False
        if "fallback" in raw and not allow:
            self._note(
                "fallback-without-failure",
                "a fallback is given, but failure is not allowed",
                place.key("fallback").where,
                "Add `allow_failure: true`.",
            )
        cached = _caches(raw.get("file_cache", True))
        return Rule(raw.get("salt"), allow, raw.get("fallback"), cached)

    def _operation(self, raw: Mapping[Any, Any], place: Place) -> tuple[str, Any, Where] | None:
        """Name, shorthand content (or None) and place of the one operation of a step."""
        others = [key for key in raw if key not in KEYS]
        if "operation" in raw:
            for key in others:
                self._note(
                    "two-operations" if key in operations() else "unknown-key",
                    f"the step has an 'operation' already, and {key!r} beside it",
                    of_step(place.key(key), place),
                    did_you_mean(str(key), KEYS) or "Make each operation a step of its own.",
                )
            named = raw["operation"]
            if not isinstance(named, str):
                self._note("bad-value", "'operation' is not a name", place.at("operation").where)
                return None
            return None if others else (named, None, of_step(place.at("operation"), place))
        if not others:
            self._note(
                "no-operation", "the step names no operation", place.where,
                "Write it like `- add: [1, 2]`.",
            )  # fmt: skip
            return None
        if len(others) > 1:
            self._too_many(others, place)
            return None
        name = others[0]
        if not isinstance(name, str):
            self._note("bad-value", f"{name!r} is not the name of an operation", place.where)
            return None
        content = raw[name]
        if content is None:
            content = []
        elif not isinstance(content, list | Mapping):
            content = [content]
        return name, content, of_step(place.key(name), place)

    def _too_many(self, names: list[Any], place: Place) -> None:
        known = [name for name in names if _known(name)]
        if len(known) == 1:
            for name in names:
                if name not in known:
                    mend = did_you_mean(str(name), KEYS) or f"A step takes: {', '.join(KEYS)}."
                    where = of_step(place.key(name), place)
                    self._note("unknown-key", f"unknown key {name!r} in a step", where, mend)
            return
        listed = " and ".join(repr(name) for name in names)
        self._note(
            "two-operations",
            f"the step names more than one operation: {listed}",
            of_step(place.key(names[1]), place),
            "Make each operation a step of its own, with its own dash.",
        )

    def _arguments(
        self, raw: Mapping[str, Any], content: Any, place: Place
    ) -> tuple[list[Any], dict[str, Any]]:
        args, kwargs = raw.get("args"), raw.get("kwargs")
        for key, value, wanted in (("args", args, list), ("kwargs", kwargs, Mapping)):
            if value is not None and not isinstance(value, wanted):
                what = "a list" if wanted is list else "a mapping"
                self._note("bad-value", f"'{key}' is not {what}", place.at(key).where)
                return [], {}
        taken = "args" if isinstance(content, list) else "kwargs"
        if content and raw.get(taken):
            self._note(
                "superfluous-arguments",
                f"'{taken}' is given, and the operation has them already",
                place.key(taken).where,
                "Put all of them in one place.",
            )
        if isinstance(content, list):
            return [*content, *(args or [])] if not content else list(content), dict(kwargs or {})
        return list(args or []), {**(content or {}), **(kwargs or {})}

    def _settings(self, raw: Mapping[str, Any], place: Place) -> Rule:
        tag = raw.get("tag")
        if tag is not None and (not isinstance(tag, str) or not tag or "::" in tag):
            self._note(
                "bad-tag", f"{tag!r} cannot be a tag", place.at("tag").where,
                "A tag is a text without '::'.",
            )  # fmt: skip
        if raw.get("ignore_hooks"):
            self._note(
                "not-accepted-yet", "'ignore_hooks' is not accepted yet",
                place.key("ignore_hooks").where,
            )  # fmt: skip
        return self.read_rule(raw, place)

    def _find(self, name: str, args: list[Any], where: Where) -> Operation | None:
        if name in GATEWAYS:
            function = args.pop(0) if args else None
            if not isinstance(function, str):
                self._note(
                    "bad-step", f"{name!r} takes the name of a function first", where,
                    f"Write it like `- {name}where: [...]`.",
                )  # fmt: skip
                return None
            name += function
        try:
            return find_operation(name)
        except UserError as error:
            for problem in error.problems:
                self._note(problem.code, problem.message, where, problem.mend)
            return None

    def _expression(self, args: list[Any], kwargs: dict[str, Any], where: Where) -> None:
        """Give an expression the results that its names are tags of."""
        text = args[0] if args else kwargs.pop("expr", None)
        try:
            names = expression_names(text)
        except ValueError as error:
            self._note("bad-expression", f"cannot evaluate {str(text)!r}: {error}", where)
            return
        given = dict(kwargs.pop("symbols", None) or {})
        for name in names:
            if name not in given:
                given[name] = DagPrev(where=where) if name == "prev" else DagTag(name, where=where)
        args[:] = [str(text), given]

    def _note(self, code: str, message: str, where: Where, mend: str | None = None) -> None:
        self.problems.append(Problem(code, message, where, mend))


def _known(name: Any) -> bool:
    if not isinstance(name, str):
        return False
    if name in GATEWAYS:
        return True
    try:
        find_operation(name)
    except UserError:
        return False
    return True


def _caches(file_cache: Any) -> bool:
    """Whether a ``file_cache`` setting leaves caching on."""
    if not isinstance(file_cache, Mapping):
        return bool(file_cache)
    parts = [file_cache.get("read", True), file_cache.get("write", True)]
    enabled = [part.get("enabled", True) if isinstance(part, Mapping) else part for part in parts]
    return all(enabled)


def _kind(raw: Any) -> str:
    if isinstance(raw, REFERENCES):
        return f"a reference, {raw.yaml_node()[0]}"
    return "nothing" if raw is None else f"of type {type(raw).__name__}"

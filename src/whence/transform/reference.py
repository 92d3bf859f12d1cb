"""References: what a step's arguments say in place of a value that is known only later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from whence.base.error import UserError
from whence.base.problem import Where, did_you_mean

NO_DEFAULT: Any = type("NoDefault", (), {"__repr__": lambda self: "NO_DEFAULT"})()


@dataclass(frozen=True, slots=True)
class DagPrev:
    """The result of the step before: ``!dag_prev``."""

    where: Where | None = field(default=None, compare=False, repr=False, kw_only=True)

    def yaml_node(self) -> tuple[str, Any]:
        """The tag and the plain value that write this reference."""
        return "!dag_prev", None


@dataclass(frozen=True, slots=True)
class DagTag:
    """The result of the step that carries the tag: ``!dag_tag name``."""

    name: str
    where: Where | None = field(default=None, compare=False, repr=False, kw_only=True)

    def yaml_node(self) -> tuple[str, Any]:
        """The tag and the plain value that write this reference."""
        return "!dag_tag", self.name


@dataclass(frozen=True, slots=True)
class DagNode:
    """The result of a step by its number, negative from the end: ``!dag_node -1``."""

    index: int
    where: Where | None = field(default=None, compare=False, repr=False, kw_only=True)

    def yaml_node(self) -> tuple[str, Any]:
        """The tag and the plain value that write this reference."""
        return "!dag_node", self.index


@dataclass(frozen=True, slots=True)
class ResultTag:
    """A result that a plot names, filled in after evaluation: ``!dag_result tag``."""

    name: str
    where: Where | None = field(default=None, compare=False, repr=False, kw_only=True)

    def yaml_node(self) -> tuple[str, Any]:
        """The tag and the plain value that write this reference."""
        return "!dag_result", self.name


@dataclass(frozen=True, slots=True)
class PositionalArg:
    """A positional argument of a meta-operation: ``!arg 0`` or ``!arg [0, default]``."""

    position: int
    default: Any = NO_DEFAULT
    where: Where | None = field(default=None, compare=False, repr=False, kw_only=True)

    def yaml_node(self) -> tuple[str, Any]:
        """The tag and the plain value that write this reference."""
        return "!arg", _with_default(self.position, self.default)


@dataclass(frozen=True, slots=True)
class KeywordArg:
    """A keyword argument of a meta-operation: ``!kwarg name`` or ``!kwarg [name, default]``."""

    name: str
    default: Any = NO_DEFAULT
    where: Where | None = field(default=None, compare=False, repr=False, kw_only=True)

    def yaml_node(self) -> tuple[str, Any]:
        """The tag and the plain value that write this reference."""
        return "!kwarg", _with_default(self.name, self.default)


Reference = DagPrev | DagTag | DagNode | ResultTag | PositionalArg | KeywordArg
REFERENCES = (DagPrev, DagTag, DagNode, ResultTag, PositionalArg, KeywordArg)


def yaml_tags() -> Mapping[str, Callable[[Any, Where], Any]]:
    """The YAML tags of references, for `whence.base.yaml.read`."""
    return {
        "!dag_prev": _prev,
        "!dag_tag": lambda value, where: DagTag(_text("!dag_tag", value, where), where=where),
        "!dag_node": lambda value, where: DagNode(_number("!dag_node", value, where), where=where),
        "!dag_result": lambda value, where: ResultTag(
            _text("!dag_result", value, where), where=where
        ),
        "!arg": _positional,
        "!kwarg": _keyword,
        **{name: _not_yet(name) for name in ("!dag_ref", "!dag_trf", "!mop_tag")},
    }


def references(value: Any) -> Iterator[Reference]:
    """Every reference inside a value, however deep in its lists, tuples and mappings."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, REFERENCES):
            yield item
        elif isinstance(item, Mapping):
            stack.extend(item.values())
        elif isinstance(item, list | tuple):
            stack.extend(item)


def fill_results(value: Any, results: Mapping[str, Any]) -> Any:
    """The value with every ``!dag_result`` in it replaced by the result it names.

    Raises
    ------
    UserError
        If a name is not among the results.
    """
    if isinstance(value, ResultTag):
        if value.name not in results:
            raise UserError.of(
                "unknown-tag",
                f"there is no result named {value.name!r}",
                where=value.where,
                mend=did_you_mean(value.name, results)
                or f"The results are: {', '.join(map(repr, results)) or 'none'}.",
            )
        return results[value.name]
    if type(value) is dict:
        return {key: fill_results(item, results) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(fill_results(item, results) for item in value)
    return value


def _with_default(what: Any, default: Any) -> Any:
    return what if default is NO_DEFAULT else [what, default]


def _wrong(tag: str, wants: str, where: Where) -> UserError:
    return UserError.of("bad-reference", f"{tag} takes {wants}", where=where)


def _prev(value: Any, where: Where) -> DagPrev:
    if value not in (None, "", {}):
        raise UserError.of(
            "bad-reference",
            "!dag_prev takes nothing",
            where=where,
            mend="Put a space between !dag_prev and a comma or bracket that follows it.",
        )
    return DagPrev(where=where)


def _text(tag: str, value: Any, where: Where) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(tag, f"a name, like `{tag} energy`", where)
    return value


def _number(tag: str, value: Any, where: Where) -> int:
    if isinstance(value, str) and value.lstrip("+-").isdecimal():
        value = int(value)
    if type(value) is not int:
        raise _wrong(tag, f"a whole number, like `{tag} 0`", where)
    return value


def _split(tag: str, value: Any, where: Where) -> tuple[Any, Any]:
    if not isinstance(value, list):
        return value, NO_DEFAULT
    if len(value) != 2:
        raise _wrong(tag, f"one value or two, like `{tag} [name, default]`", where)
    return value[0], value[1]


def _positional(value: Any, where: Where) -> PositionalArg:
    position, default = _split("!arg", value, where)
    return PositionalArg(_number("!arg", position, where), default, where=where)


def _keyword(value: Any, where: Where) -> KeywordArg:
    name, default = _split("!kwarg", value, where)
    return KeywordArg(_text("!kwarg", name, where), default, where=where)


def _not_yet(tag: str) -> Callable[[Any, Where], Any]:
    def refuse(value: Any, where: Where) -> Any:
        raise UserError.of(
            "not-accepted-yet",
            f"{tag} is not accepted yet",
            where=where,
            mend="Give the step a tag and refer to it with !dag_tag.",
        )

    return refuse

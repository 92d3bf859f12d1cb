"""YAML 1.2 with positions: what a file says, where it says it, and all that is wrong with it.

PyYAML's C parser makes the node graph; what a scalar means is decided here by the YAML 1.2 core
schema (``1e-3`` is a number, ``on`` and ``12:30:00`` are text). Positions are not stored beside
the values but looked up in the node graph when somebody asks.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from whence.base.error import UserError
from whence.base.problem import Problem, Where, did_you_mean

Tags: TypeAlias = Mapping[str, Callable[[Any, Where], Any]]
"""What builds the value of a tag, from the plain value below the tag and its place.

A builder's ValueError and TypeError become problems at the tag; so do the problems of its
UserError that have no place. One whose place is only a `Where.path` is understood relative to the
tag: at the value there, or at the key itself if its code is ``unknown-key``.
"""

_DEEPEST = 150  # well below where the stack of the interpreter ends
_MOST_UNFOLDED = 1_000_000  # values that aliases may repeat, against files made to explode
_LONGEST_INT = 4000  # digits that `int` and `str` convert whatever the interpreter's limit is

_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{s + w: float(s + "inf") for s in ("", "+", "-") for w in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_MAYBE_NUMBER = frozenset("0123456789+-.")
_MAYBE_WORD = frozenset("~nNtTfF")
_STANDARD = "tag:yaml.org,2002:"
_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "null": (type(None),),
}
_FORBIDDEN = re.compile("[^\t\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_WORD = re.compile(r"[^\s,\[\]{}]+")
_GLUED_TAG = re.compile(r"![\w.:-]+[,\]}]")


@dataclass(frozen=True, slots=True)
class Document:
    r"""What a YAML text says.

    Attributes
    ----------
    value : object
        Dicts, lists, text, numbers, booleans, None, and what the tags built.
    file : str or None
        The file, as the user named it.

    Examples
    --------
    >>> document = parse("sweep:\n  steps: [1, 2]\n", file="space.yml")
    >>> document.value
    {'sweep': {'steps': [1, 2]}}
    >>> str(document.where("sweep", "steps", 1))
    'space.yml:2:14'
    """

    value: Any
    file: str | None = None
    _text: _Text | None = field(default=None, repr=False, compare=False)
    _root: Node | None = field(default=None, repr=False, compare=False)

    def where(self, *path: str | int) -> Where:
        """The place of the value at a key path, or of its nearest ancestor in the text."""
        return self._where(path, of_key=False)

    def where_key(self, *path: str | int) -> Where:
        """The place of the last key of a key path itself."""
        return self._where(path, of_key=True)

    def _where(self, path: tuple[str | int, ...], *, of_key: bool) -> Where:
        if self._text is None or self._root is None:
            return Where(file=self.file, path=path)
        return self._text.where(_find(self._root, path, of_key=of_key), path)


def read(path: str | os.PathLike[str], tags: Tags | None = None) -> Document:
    """What a YAML file says.

    Parameters
    ----------
    path : path-like
        The file, in UTF-8 or with a byte order mark.
    tags : mapping of str to callable, optional
        The builders of the tags that the file may use, by tag (``"!pspace"``).

    Raises
    ------
    UserError
        If the file cannot be read, or for every problem in it.
    """
    name = os.fspath(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UserError.of(
            "unreadable-file", f"cannot read {name!r}: {error.strerror or error}"
        ) from error
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError.of(
            "not-text",
            f"byte {error.start} is not valid {error.encoding}",
            where=Where(name, line),
            mend="Save the file as UTF-8.",
        ) from error
    return parse(text, file=name, tags=tags)


def parse(text: str, *, file: str | None = None, tags: Tags | None = None) -> Document:
    """What a YAML text says; `read` for text that is already at hand.

    Raises
    ------
    UserError
        For every problem in the text.
    """
    located = _Text(file, text)
    try:
        root = _Loader(text).get_single_node()
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise UserError(_syntax_problem(error, located)) from None
    if root is None:
        return Document(None, file, located)
    construction = _Construction(located, tags or {})
    value = construction.build(root, ())
    if construction.problems:
        raise UserError(*construction.problems.values())
    return Document(value, file, located, root)


def dump(value: Any) -> str:
    """YAML text that `parse` reads back as an equal value.

    Parameters
    ----------
    value : object
        None, booleans, numbers, text, paths, NumPy scalars and arrays, lists, tuples (written as
        lists) and mappings of them; slices, with the tag ``!slice``. An object with a method
        ``yaml_node() -> (tag, plain value)`` is written with its tag.

    Raises
    ------
    UserError
        If something in it has no YAML form; it names the key.

    Examples
    --------
    >>> print(dump({"rate": 1e-05, "mode": "on", "version": "1.0", "steps": (1, 2)}), end="")
    rate: 1e-05
    mode: on
    version: '1.0'
    steps: [1, 2]
    """
    from io import StringIO

    stream = StringIO()
    dumper = _Dumper(stream, allow_unicode=True, width=-1, sort_keys=False)
    try:
        dumper.open()
        dumper.serialize(_node(value, ()))
        dumper.close()
    except UnicodeEncodeError as error:
        raise UserError.of("not-writable", f"cannot write {error.object!r} as YAML") from error
    finally:
        dumper.dispose()
    return stream.getvalue()


def resolve(text: str) -> Any:
    """What an unquoted scalar means by the YAML 1.2 core schema.

    Examples
    --------
    >>> [resolve(text) for text in ("1e-3", "0777", "0x1F", "-.5", "~", "yes", "12:30:00")]
    [0.001, 777, 31, -0.5, None, 'yes', '12:30:00']
    """
    first = text[:1]
    if first in _MAYBE_NUMBER:
        if _INT.fullmatch(text):
            return int(text) if len(text) < _LONGEST_INT else int(Decimal(text))
        if _FLOAT.fullmatch(text):
            return float(text)
        if _BASED.fullmatch(text):
            return int(text, 0)
        return _WORDS.get(text, text)
    if not first or first in _MAYBE_WORD:
        return _WORDS.get(text, text)
    return text


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The parser up to the node graph: an untagged node's tag is empty, quoted text's ``str``.

    It counts how deep it is, as the C parser would go down until the stack ends and the process
    dies.
    """

    depth = 0

    def resolve(self, kind: type, value: object, implicit: Any) -> str:
        return "str" if kind is ScalarNode and not implicit[0] else ""

    def descend_resolver(self, parent: Node | None, index: object) -> None:
        self.depth += 1
        if self.depth > _DEEPEST and parent is not None:
            message = f"values are nested more than {_DEEPEST} deep"
            raise yaml.composer.ComposerError(None, None, message, parent.start_mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """The emitter: it quotes text that our own resolver would take for something else."""

    def resolve(self, kind: type, value: Any, implicit: Any) -> str:
        if kind is not ScalarNode:
            return str(getattr(kind, "id", ""))
        if not implicit[0]:
            return "str"
        return "merge" if value == "<<" else type(resolve(value)).__name__


class _Text:
    """A text whose lines can be shown."""

    __slots__ = ("file", "lines")

    def __init__(self, file: str | None, text: str) -> None:
        self.file = file
        self.lines = _LINE_BREAK.split(text)

    def at(self, line: int, column: int, path: tuple[str | int, ...] = ()) -> Where:
        """A place, counted from 0; its width is that of the word there."""
        source = self.lines[line] if line < len(self.lines) else ""
        word = _WORD.match(source, column)
        width = word.end() - column if word else 1
        return Where(self.file, line + 1, column + 1, width, path, source)

    def where(self, node: Node, path: tuple[str | int, ...]) -> Where:
        start, end = node.start_mark, node.end_mark
        where = self.at(start.line, start.column, path)
        if start.line == end.line and (isinstance(node, ScalarNode) or not node.tag):
            return replace(where, width=max(end.column - start.column, 1))
        if isinstance(node, MappingNode) and not node.tag and node.value:
            return replace(where, width=self.where(node.value[0][0], path).width)
        return where


class _Construction:
    """One walk through a node graph that makes the values and collects what is wrong."""

    def __init__(self, text: _Text, tags: Tags) -> None:
        self.problems: dict[tuple[object, ...], Problem] = {}
        self._text = text
        self._tags = tags
        self._open: set[int] = set()  # meeting one of these again means: it contains itself
        self._seen: set[int] = set()
        self._unfolded = 0

    def build(self, node: Node, path: tuple[Any, ...]) -> Any:
        if node.tag and node.tag != "str":
            return self._tagged(node, path)
        return self._plain(node, path)

    def _plain(self, node: Node, path: tuple[Any, ...]) -> Any:
        if type(node) is ScalarNode:
            return node.value if node.tag == "str" else resolve(node.value)
        if not self._enter(node, path):
            return None
        value: Any
        if isinstance(node, MappingNode):
            value = self._mapping(node, path)
        else:
            value = self._sequence(node, path)
        self._open.discard(id(node))
        return value

    def _enter(self, node: Node, path: tuple[Any, ...]) -> bool:
        """Whether a collection can be built: aliases may make it endless or too large."""
        name = id(node)
        if name in self._open:
            self._report(node, path, "recursive-alias", "this value contains itself")
            return False
        if len(path) > _DEEPEST:  # aliases can go deeper than the text does
            message = f"aliases nest values more than {_DEEPEST} deep"
            self._report(node, path[:8], "too-deep", message)
            return False
        if name in self._seen:
            self._unfolded += len(node.value)
            if self._unfolded > _MOST_UNFOLDED:
                message = f"aliases repeat more than {_MOST_UNFOLDED} values"
                self._report(node, path, "too-many-aliases", message)
                return False
        self._seen.add(name)
        self._open.add(name)
        return True

    def _sequence(self, node: Node, path: tuple[Any, ...]) -> list[Any]:
        return [
            resolve(child.value)
            if type(child) is ScalarNode and not child.tag
            else self.build(child, (*path, i))
            for i, child in enumerate(node.value)
        ]

    def _mapping(self, node: MappingNode, path: tuple[Any, ...]) -> dict[Any, Any]:
        value: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        first: dict[Any, Node] = {}
        for key_node, child in node.value:
            if _is_merge(key_node):
                self._merge(child, path, merged)
                continue
            key = self._key(key_node, path)
            if key in first:
                self._duplicate(key, key_node, first[key], path)
                continue
            first[key] = key_node
            if type(child) is ScalarNode and not child.tag:
                value[key] = resolve(child.value)
            else:
                value[key] = self.build(child, (*path, key if type(key) is int else str(key)))
        return {**merged, **value} if merged else value

    def _key(self, node: Node, path: tuple[Any, ...]) -> Any:
        if type(node) is ScalarNode and not node.tag:
            return resolve(node.value)
        key = _frozen(self.build(node, path))
        try:
            hash(key)
        except TypeError:
            self._report(node, path, "bad-key", "a mapping cannot be a key")
            return id(node)
        return key

    def _duplicate(self, key: Any, node: Node, first: Node, path: tuple[Any, ...]) -> None:
        self._report(
            node,
            (*path, str(key)),
            "duplicate-key",
            f"the key {key!r} is given twice",
            f"It was first given in line {first.start_mark.line + 1}: keep one of the two.",
        )

    def _merge(self, node: Node, path: tuple[Any, ...], merged: dict[Any, Any]) -> None:
        """Put the values of a merge key into `merged`, where earlier ones win."""
        sources = node.value if type(node) is SequenceNode else [node]
        for source in sources:
            if type(source) is not MappingNode:
                message = "a merge key '<<' needs a mapping or a list of mappings"
                self._report(source, path, "bad-merge", message)
            elif self._enter(source, path):
                for key, value in self._mapping(source, path).items():
                    merged.setdefault(key, value)
                self._open.discard(id(source))

    def _tagged(self, node: Node, path: tuple[Any, ...]) -> Any:
        tag = node.tag
        if tag.startswith(_STANDARD):
            return self._standard(node, path, tag.removeprefix(_STANDARD))
        builder = self._tags.get(tag)
        if builder is None:
            self._report(node, path, "unknown-tag", f"unknown tag {tag!r}", self._mend_tag(tag))
            self._inner(node, path)  # for the problems below it
            return None
        before = len(self.problems)
        inner = self._inner(node, path)
        if len(self.problems) > before:
            return None
        where = self._text.where(node, path)
        try:
            return builder(inner, where)
        except UserError as error:
            for problem in error.problems:
                self._add(self._placed(problem, node, where))
        except (ValueError, TypeError) as error:
            self._add(Problem("bad-value", f"{tag}: {error}", where))
        return None

    def _inner(self, node: Node, path: tuple[Any, ...]) -> Any:
        """The value below a tag."""
        if type(node) is ScalarNode:
            return node.value if node.style else resolve(node.value)
        return self._plain(node, path)

    def _standard(self, node: Node, path: tuple[Any, ...], name: str) -> Any:
        if (name, type(node)) in (("map", MappingNode), ("seq", SequenceNode)):
            return self._plain(node, path)
        if name in _KINDS and type(node) is ScalarNode:
            if name == "str":
                return node.value
            value = resolve(node.value)
            if type(value) in _KINDS[name]:
                return float(value) if name == "float" else value
        message = f"'!!{name}' does not fit this value"
        if name not in _KINDS and name not in ("map", "seq"):
            message = f"unknown tag '!!{name}'"
        self._report(node, path, "bad-tag", message)
        return None

    def _mend_tag(self, tag: str) -> str:
        near = did_you_mean(tag, self._tags)
        known = f"Known here: {', '.join(sorted(self._tags))}." if self._tags else None
        return near or known or "No tags can be used here."

    def _placed(self, problem: Problem, node: Node, tagged: Where) -> Problem:
        where = problem.where
        if where is not None and where.line is not None:
            return problem
        below = where.path if where else ()
        found = _find(node, below, of_key=problem.code == "unknown-key") if below else node
        return replace(problem, where=self._text.where(found, (*tagged.path, *below)))

    def _report(
        self, node: Node, path: tuple[Any, ...], code: str, message: str, mend: str | None = None
    ) -> None:
        self._add(Problem(code, message, self._text.where(node, path), mend))

    def _add(self, problem: Problem) -> None:
        """Keep a problem once, however many aliases lead to its place."""
        where = problem.where or Where()
        self.problems.setdefault((where.line, where.column, problem.code, problem.message), problem)


def _is_merge(node: Node) -> bool:
    return type(node) is ScalarNode and node.value == "<<" and not node.tag


def _frozen(key: Any) -> Any:
    return tuple(_frozen(item) for item in key) if isinstance(key, list) else key


def _entries(node: Node) -> Iterator[tuple[Any, Node, Node]]:
    """Key, its node and its value's node; the entry that counts for a key comes first."""
    if type(node) is SequenceNode:
        yield from ((i, child, child) for i, child in enumerate(node.value))
    elif type(node) is MappingNode:
        for key, child in node.value:
            if not _is_merge(key) and type(key) is ScalarNode:
                yield (key.value if key.tag == "str" else resolve(key.value)), key, child
        for key, child in node.value:
            if _is_merge(key):
                for source in child.value if type(child) is SequenceNode else [child]:
                    yield from _entries(source)


def _find(node: Node, path: tuple[str | int, ...], *, of_key: bool) -> Node:
    """The node at a key path, or the last one on the way that exists."""
    key_node = node
    for step in path:
        for key, found, child in _entries(node):
            if key == step or (isinstance(step, str) and str(key) == step):
                key_node, node = found, child
                break
        else:
            return node
    return key_node if of_key else node


def _syntax_problem(error: Exception, text: _Text) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # a character that no YAML text may hold; the error counts characters only
        reason = getattr(error, "reason", None) or str(error)
        return Problem("yaml-syntax", f"this is not YAML: {reason}", _place_of_forbidden(text))
    where = text.at(mark.line, mark.column)
    message = getattr(error, "problem", None) or str(error)
    context = getattr(error, "context", None)
    source = where.source or ""
    mend = None
    if source[mark.column : mark.column + 1] == "\t" or source[: mark.column].strip(" ") == "\t":
        mend = "Indent with spaces, not with tabs."
    elif glued := _GLUED_TAG.search("\n".join(text.lines[: mark.line + 1])):
        mend = f"Put a space after the tag in {glued[0]!r}."
    return Problem("yaml-syntax", f"{context}, {message}" if context else message, where, mend)


def _place_of_forbidden(text: _Text) -> Where:
    for number, line in enumerate(text.lines):
        if found := _FORBIDDEN.search(line):
            return text.at(number, found.start())
    return Where(text.file)


def _node(value: Any, path: tuple[Any, ...]) -> Node:
    """The node graph of a value."""
    if len(path) > _DEEPEST:
        raise _not_writable(path, f"it is nested more than {_DEEPEST} deep, or contains itself")
    tagged = getattr(value, "yaml_node", None)
    if callable(tagged) and not isinstance(value, type):
        tag, inner = tagged()
        return _tagged_node(tag, inner, path)
    if isinstance(value, slice):
        return _tagged_node("!slice", [value.start, value.stop, value.step], path)
    if isinstance(value, Mapping):
        pairs = [(_node(key, path), _node(item, (*path, key))) for key, item in value.items()]
        return MappingNode("mapping", pairs, flow_style=not pairs)
    if type(value).__module__ == "numpy":
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        items = [_node(item, (*path, i)) for i, item in enumerate(value)]
        flat = all(isinstance(item, ScalarNode) for item in items)
        return SequenceNode("sequence", items, flow_style=flat)
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    return _scalar_node(value, path)


def _scalar_node(value: Any, path: tuple[Any, ...]) -> ScalarNode:
    if isinstance(value, str):
        return ScalarNode("str", str(value), style="|" if _reads_as_block(value) else None)
    if value is None:
        return ScalarNode("NoneType", "null")
    if isinstance(value, bool):
        return ScalarNode("bool", "true" if value else "false")
    if isinstance(value, int):
        return ScalarNode("int", format(Decimal(int(value)), "f"))
    if isinstance(value, float):
        text = float.__repr__(value)
        return ScalarNode("float", {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(text, text))
    raise _not_writable(path, f"it is a {type(value).__module__}.{type(value).__qualname__}")


def _reads_as_block(text: str) -> bool:
    lines = text.removesuffix("\n").split("\n")
    plain = all(line.isprintable() and line == line.strip() for line in lines)
    return plain and "\n" in text and not text.startswith("\n")


def _tagged_node(tag: str, inner: Any, path: tuple[Any, ...]) -> Node:
    node = _node(inner, path)
    if isinstance(node, ScalarNode):
        if node.tag == "str" and not isinstance(resolve(node.value), str):
            node.style = "'"
        if node.tag == "NoneType":
            node.value = "~"
    node.tag = tag
    return node


def _not_writable(path: tuple[Any, ...], why: str) -> UserError:
    named = ".".join(str(key) for key in path[:8])
    return UserError.of(
        "not-writable",
        f"the value of {named!r} cannot be written as YAML: {why}" if named else f"not YAML: {why}",
        mend="Give None, booleans, numbers, text, lists and mappings of them.",
    )

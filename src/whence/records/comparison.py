"""What differs between the parameters of two runs, or of a thousand.

One pass puts all leaves into one tree of keys; a key is kept where not all are the same. Two
values are the same if they have the same digest, as for the keys of calls: by value and type, so
that 1, 1.0 and True differ, NaN is NaN, and arrays are the same element by element.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from whence.base.dotted import join_key, key_text
from whence.base.error import UserError
from whence.base.escape import canonical
from whence.records.record import Record
from whence.records.task_parameter import (
    DEEPEST,
    fold_task_inputs,
    parameters_of,
    too_deep,
    unfold,
    without_digests,
)

if TYPE_CHECKING:
    import pandas as pd

_ROOM = 12  # columns that a notebook shows side by side
_PLAIN = frozenset({int, float, str, bool, type(None)})


class Mark(StrEnum):
    """What stands in a table where there is no value."""

    ABSENT = "–"
    FOLDED = "<+>"

    def __repr__(self) -> str:
        return repr(self.value)


class ParameterComparison:
    """The parameters in which some of many records or parameter sets differ.

    Task descriptions are compared by their inputs, and named without their ``inputs`` levels as in
    `get_task_param`, so that a parameter given here as a value and there as a task is compared
    leaf by leaf; which task it was stands under ``<key>@task``. Digests and reasons noted in
    descriptions are no parameters.

    Parameters
    ----------
    params : iterable of Record, task or mapping
        For example a view of records. It is gone through once.
    labels : sequence of str, optional
        One for each of `params`, or one for each that has no label of its own; by default those
        are called ``pset 1``, ``pset 2``, …

    Raises
    ------
    UserError
        If something has no parameters, or if the labels do not fit.

    Examples
    --------
    >>> runs = [{"model": {"mu": 1, "n": 5}}, {"model": {"mu": 2, "n": 5}, "seed": 7}]
    >>> ParameterComparison(runs).table(depth=2)
    (('model.mu', 'seed'), [(1, '–'), (2, 7)])
    >>> ParameterComparison(runs).dataframe()
           model seed
    pset 1   <+>    –
    pset 2   <+>    7
    """

    def __init__(self, params: Iterable[Any], labels: Sequence[Any] | None = None) -> None:
        self._root = _Node()
        self._reasons: list[str] = []
        own: list[Any] = []
        for row, item in enumerate(_items(params)):
            found = _parameters(item, row + 1)
            task, inputs = unfold(found)
            if task:
                self._root.task = self._root.task or _Leaf(task)
                self._root.task.add(row, task)
            _grow(self._root, inputs, row)
            self._reasons.append(_reason(item, found if task else {}))
            own.append(_label(item))
        self.labels = _labels(own, labels)
        _settle(self._root, len(own))

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        columns = sum(1 for _ in _columns(self._root, DEEPEST + 1, range(0)))
        return f"<ParameterComparison of {len(self)} parameter sets: {columns} keys differ>"

    @property
    def depth(self) -> int:
        """How many keys deep the differences go; 1 at least."""
        return max(1, _height(self._root))

    def _repr_html_(self) -> str | None:
        """As deep as there is room for."""
        depth = next((d for d in range(self.depth, 1, -1) if len(self._shown(d)) <= _ROOM), 1)
        html: str | None = self.dataframe(depth)._repr_html_()  # type: ignore[operator]
        return html

    def table(self, depth: int = 1) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The columns that differ, and one row of values for each of `labels`.

        Parameters
        ----------
        depth : int
            How many keys deep the columns go; what differs below shows as `Mark.FOLDED`.

        Returns
        -------
        columns : tuple of str
            Dotted keys, in the order of the first record that has them; ``reason`` is the last
            column where one of the records has a reason.
        rows : list of tuple
            The values as they were recorded, or `Mark.ABSENT`.
        """
        columns = self._shown(depth)
        cells = [column for _, column in columns]
        rows = list(zip(*cells, strict=True)) if cells else [() for _ in self.labels]
        return tuple(name for name, _ in columns), rows

    def dataframe(self, depth: int = 1, maxcols: int | None = 50) -> pd.DataFrame:
        """The table as a DataFrame, its index the labels.

        A column whose values are all integers, all floats or all booleans has that dtype, any
        other keeps the objects.

        Parameters
        ----------
        depth : int
            See `table`.
        maxcols : int or None
            How many columns are displayed at most; all are there. None displays all.
        """
        import pandas as pd

        from whence.records.comparison_frame import frame_of

        columns = self._shown(depth)
        frame = frame_of(
            [name for name, _ in columns],
            [_without_marks(column) for _, column in columns],
            pd.Index(list(self.labels), dtype=object),
        )
        frame.maxcols = maxcols
        return frame

    def _shown(self, depth: int) -> list[tuple[str, list[Any]]]:
        if not isinstance(depth, int) or depth < 1:
            raise UserError.of("bad-depth", f"the depth is a whole number from 1 up, not {depth!r}")
        columns = list(_columns(self._root, depth, range(len(self))))
        if not any(self._reasons):
            return columns
        renamed = {"reason": '"reason"'}  # a parameter of that name
        return [
            *((renamed.get(name, name), cells) for name, cells in columns),
            ("reason", [text or Mark.ABSENT for text in self._reasons]),
        ]


def dfdiff(
    p1: Any,
    p2: Any,
    name1: str | None = None,
    name2: str | None = None,
    ignore: str | Iterable[str] | None = None,
) -> pd.DataFrame:
    """The entries in which two parameter sets differ, side by side.

    The keys at the top are those that were recorded: for a task ``taskname``, ``module`` and
    ``inputs``. Tasks among the inputs are named without their ``inputs`` levels, as in
    `ParameterComparison`.

    Parameters
    ----------
    p1, p2 : mapping, Record or task
        What is compared.
    name1, name2 : str, optional
        What the two columns are called; if not given, as the runs of records are, by their ids
        where they have one name, else ``pset 1`` and ``pset 2``.
    ignore : str or iterable of str, optional
        Keys, or patterns with ``*`` and ``?``, of what to leave out with all that is below it:
        dotted paths from the top (``inputs.model``), or without a dot a key at any level.

    Returns
    -------
    pandas.DataFrame
        Its index has a level for each level of keys, padded with ``–``; a value is ``–`` where
        there is none and ``<+>`` where the other has a value and this one keys below it.

    Examples
    --------
    >>> dfdiff({"model": {"mu": 1, "n": 5}}, {"model": {"mu": 2, "n": 5}, "seed": 7})
             pset 1  pset 2
    model mu      1       2
    seed  –       –       7
    """
    import pandas as pd

    from whence.records.comparison_frame import frame_of

    root = _Node()
    for row, params in enumerate((p1, p2)):
        _grow(root, without_digests(_parameters(params, row + 1)), row)
    _settle(root, 2)
    patterns = [ignore] if isinstance(ignore, str) else list(ignore or ())
    found = list(_entries(root, (), "", patterns))
    deepest = max((len(keys) for keys, _ in found), default=1)
    padded = [[*keys, *[Mark.ABSENT.value] * (deepest - len(keys))] for keys, _ in found]
    levels = [list(level) for level in zip(*padded, strict=True)] or [[]]
    cells = [_without_marks([leaf[side] for _, leaf in found]) for side in (0, 1)]
    titles = _titles(p1, p2)
    names = [given or title for given, title in zip((name1, name2), titles, strict=True)]
    return pd.DataFrame(frame_of(names, cells, pd.MultiIndex.from_arrays(levels)))


def _titles(*pair: Any) -> list[str]:
    """What two parameter sets are called: records as their runs, by their ids if of one name."""
    names = [item.name if isinstance(item, Record) else None for item in pair]
    if names[0] is not None and names[0] == names[1]:
        names = [str(item.id) for item in pair]
    return [name or f"pset {number}" for number, name in enumerate(names, start=1)]


def same(left: Any, right: Any) -> bool:
    """Whether two values are the same, by value and type, as digests see them.

    Examples
    --------
    >>> same(float("nan"), float("nan")), same(1, 1.0), same([1, 2], (1, 2))
    (True, False, False)
    """
    return _same(left, right, 0)


def _same(left: Any, right: Any, level: int) -> bool:
    if left is right:
        return True
    if level > DEEPEST:
        raise too_deep()
    kind = type(left)
    if kind is type(right):
        if kind is str or kind is int or kind is bool:
            return bool(left == right)
        if kind is float:  # their texts tell -0.0 from 0.0 and know that NaN is NaN
            return bool(left == right != 0.0) or repr(left) == repr(right)
        if kind is list or kind is tuple:
            return len(left) == len(right) and all(
                _same(a, b, level + 1) for a, b in zip(left, right, strict=True)
            )
    try:
        return canonical(left) == canonical(right)
    except UserError:
        return kind is type(right) and _alike(left, right, level)


def _alike(left: Any, right: Any, level: int) -> bool:
    """Whether two are the same that have no digest, as parameters never recorded may hold."""
    if isinstance(left, Mapping):
        return left.keys() == right.keys() and all(
            _same(left[key], right[key], level + 1) for key in left
        )
    if hasattr(left, "dtype") and hasattr(left, "tolist"):
        return bool(left.dtype == right.dtype) and _same(left.tolist(), right.tolist(), level + 1)
    try:
        return bool(left == right)
    except (TypeError, ValueError):
        return False


@dataclass(slots=True)
class _Leaf:
    """The values that one key has; they are kept, by row, from when one differs or is absent."""

    first: Any
    rows: int = 0  # how many rows had the same, from the first row on
    values: dict[int, Any] | None = None

    def add(self, row: int, value: Any) -> None:
        if self.values is None:
            if row == self.rows and (row == 0 or _same(self.first, value, 0)):
                self.rows += 1
                return
            self.values = dict.fromkeys(range(self.rows), self.first)
        self.values[row] = value


@dataclass(slots=True)
class _Node:
    """One key: in some rows it is a leaf, in others (`rows`) it has keys below it."""

    key: Any = None
    leaf: _Leaf | None = None
    task: _Leaf | None = None
    children: dict[Any, _Node] = field(default_factory=dict)
    rows: set[int] = field(default_factory=set)


def _grow(node: _Node, params: Mapping[Any, Any], row: int, level: int = 0) -> None:
    """Put the leaves of one row's parameters into the tree."""
    if level > DEEPEST:
        raise too_deep()
    node.rows.add(row)
    children = node.children
    for key, value in params.items():
        known = key if isinstance(key, str) else (type(key), key)  # 1, 1.0 and True are three keys
        child = children.get(known)
        if child is None:
            child = children[known] = _Node(key)
        if type(value) not in _PLAIN:
            if isinstance(value, Mapping):
                task, value = unfold(value)
                if task:
                    child.task = child.task or _Leaf(task)
                    child.task.add(row, task)
                if value:
                    _grow(child, value, row, level + 1)
                    continue
                value = {}
            else:
                value = fold_task_inputs(value)
        leaf = child.leaf
        if leaf is None:
            leaf = child.leaf = _Leaf(value)
        leaf.add(row, value)


def _settle(node: _Node, rows: int) -> bool:
    """Drop what is the same in all rows; whether anything is left."""
    node.leaf = _varying(node.leaf, rows)
    node.task = _varying(node.task, rows)
    node.children = {key: child for key, child in node.children.items() if _settle(child, rows)}
    return bool(node.leaf or node.task or node.children)


def _varying(leaf: _Leaf | None, rows: int) -> _Leaf | None:
    if leaf and leaf.values is None and leaf.rows < rows:
        leaf.values = dict.fromkeys(range(leaf.rows), leaf.first)
    return leaf if leaf and leaf.values is not None else None


def _height(node: _Node) -> int:
    return max((1 + _height(child) for child in node.children.values()), default=0)


def _columns(
    node: _Node, depth: int, rows: range, name: str = "", level: int = 0
) -> Iterator[tuple[str, list[Any]]]:
    """The columns below a node, depth first, each with its cells."""
    if level and (node.leaf or (node.children and level == depth)):
        yield name, _cells(node.leaf, rows, node.rows)
    if node.task:
        yield f"{name}@task", _cells(node.task, rows)
    if level < depth:
        for child in node.children.values():
            inner_name = join_key(name, key_text(child.key))
            yield from _columns(child, depth, rows, inner_name, level + 1)


def _cells(
    leaf: _Leaf | None, rows: Iterable[int], folded: Container[int] = frozenset()
) -> list[Any]:
    values = (leaf and leaf.values) or {}
    return [values.get(row, Mark.FOLDED if row in folded else Mark.ABSENT) for row in rows]


def _entries(
    node: _Node, keys: tuple[str, ...], name: str, ignore: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """The leaves below a node that differ between two rows, with the keys that lead to them."""
    for child in node.children.values():
        text = key_text(child.key)
        dotted = join_key(name, text)
        word = child.key if isinstance(child.key, str) else text
        if _matches(ignore, word, dotted):
            continue
        path = (*keys, word)
        if child.leaf:
            yield path, _cells(child.leaf, (0, 1), child.rows)
        if child.task and not _matches(ignore, f"{word}@task", f"{dotted}@task"):
            yield (*keys, f"{word}@task"), _cells(child.task, (0, 1))
        yield from _entries(child, path, dotted, ignore)


def _matches(patterns: Iterable[str], word: str, dotted: str) -> bool:
    return any(
        pattern in (word, dotted) or fnmatchcase(dotted if "." in pattern else word, pattern)
        for pattern in patterns
    )


def _without_marks(cells: Iterable[Any]) -> list[Any]:
    return [cell.value if type(cell) is Mark else cell for cell in cells]


def _items(params: Any) -> Iterable[Any]:
    if isinstance(params, (Mapping, str)) or not isinstance(params, Iterable):
        raise UserError.of(
            "not-parameters",
            f"several records or parameter sets can be compared, not one {type(params).__name__}",
            mend="Give a view of records, or a list of records or mappings.",
        )
    return params


def _parameters(item: Any, number: int) -> Mapping[Any, Any]:
    found = parameters_of(item)
    if found is None:
        raise UserError.of(
            "not-parameters",
            f"number {number} of what is compared has no parameters: it is a {type(item).__name__}",
            mend="Compare records, tasks or mappings.",
        )
    return found


def _label(item: Any) -> Any:
    if isinstance(item, (Mapping, str)):
        return None
    return getattr(item, "label", None) or getattr(item, "id", None)


def _labels(own: Sequence[Any], given: Sequence[Any] | None) -> tuple[Any, ...]:
    """The label of each row; those given are for all rows, or for those without one."""
    if given is None:
        return tuple(label or f"pset {row}" for row, label in enumerate(own, start=1))
    if len(given) == len(own):
        return tuple(given)
    missing = own.count(None)
    if len(given) != missing:
        raise UserError.of(
            "bad-labels",
            f"there are {len(given)} labels for {len(own)} parameter sets",
            mend="Give one for each"
            + (f", or {missing} for those that are no records." if missing else "."),
        )
    rest = iter(given)
    return tuple(next(rest) if label is None else label for label in own)


def _reason(item: Any, description: Mapping[Any, Any]) -> str:
    noted = None if isinstance(item, Mapping) else getattr(item, "reason", None)
    noted = noted or description.get("reason") or ""
    return "\n".join(map(str, noted)) if isinstance(noted, (list, tuple)) else str(noted)

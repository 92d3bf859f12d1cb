"""``based_on``: a plot configuration as an update of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.base.yaml import Document
from whence.plot.scope import Scope

Pools: TypeAlias = Sequence[tuple[str, Mapping[str, Any]]]
"""Labelled configurations that ``based_on`` may name, the last one searched first."""

_ITSELF = ("inherit", True, False, None)


def updated(base: Any, update: Any) -> Any:
    """The base with the update's entries, mapping by mapping.

    Examples
    --------
    >>> updated({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}})
    {'a': {'b': 3, 'c': 2}}
    """
    if not isinstance(base, Mapping) or not isinstance(update, Mapping):
        return update
    merged = dict(base)
    for key, value in update.items():
        merged[key] = updated(base[key], value) if key in base else value
    return merged


def inherited(document: Document, name: str, pools: Pools = ()) -> dict[str, Any]:
    """The whole configuration of a plot, with what it is based on; without ``based_on``.

    Looks in the same configuration first, then in the pools from the last to the first. A base
    in a pool sees only that pool and those before it, so a pool may extend an entry of its name.

    Raises
    ------
    UserError
        If a base is missing, is no mapping, or is based on itself.
    """
    layers = [*((label, plots) for label, plots in pools), ("this configuration", document.value)]
    found: dict[str, Any] = _Lookup(document, name, layers).resolve(name, len(layers) - 1, ())
    return found


class _Lookup:
    def __init__(self, document: Document, name: str, layers: Pools) -> None:
        self.scope = Scope(document, (name,))
        self.layers = layers

    def resolve(self, name: str, layer: int, trail: tuple[tuple[str, int], ...]) -> dict[str, Any]:
        if (name, layer) in trail:
            circle = " <- ".join(step for step, _ in (*trail, (name, layer)))
            raise UserError(
                self.scope.at("based_on").problem("circular-base", f"based_on goes round: {circle}")
            )
        entry = self.layers[layer][1][name]
        trail = (*trail, (name, layer))
        if isinstance(entry, str) or any(entry is word for word in _ITSELF):
            enabled = {} if entry is not False else {"enabled": False}
            base = entry if isinstance(entry, str) and entry != "inherit" else name
            if base == name and self._find(name, layer - 1) is None and not trail[1:]:
                raise UserError(self.scope.problem("bad-value", self._nothing(name, entry)))
            return {**self._base(base, name, layer, trail), **enabled}
        if not isinstance(entry, Mapping):
            message = f"the configuration of the plot {name!r} must be a mapping"
            raise UserError(self.scope.problem("bad-value", message))
        merged: dict[str, Any] = {}
        bases = entry.get("based_on") or ()
        if not isinstance(bases, (str, list, tuple)):
            message = f"`based_on` must be a name or a list of names, not {bases!r:.60}"
            raise UserError(self.scope.at("based_on").problem("bad-value", message))
        for base in [bases] if isinstance(bases, str) else bases:
            merged = updated(merged, self._base(base, name, layer, trail))
        own = {key: value for key, value in entry.items() if key != "based_on"}
        return dict(updated(merged, own))

    def _nothing(self, name: str, entry: Any) -> str:
        return f"the plot {name!r} is {entry!r}, and no base configuration has that name"

    def _base(
        self, base: Any, name: str, layer: int, trail: tuple[tuple[str, int], ...]
    ) -> dict[str, Any]:
        start = layer - 1 if base == name else layer
        found = self._find(base, start) if isinstance(base, str) else None
        if found is None and base == name and self._find(base, layer) is not None:
            found = layer  # goes round, and is told so
        if found is None:
            raise UserError(self._missing(str(base), self.layers[layer][1], trail[0][0]))
        return self.resolve(base, found, trail)

    def _find(self, name: Any, start: int) -> int | None:
        return next((i for i in range(start, -1, -1) if name in self.layers[i][1]), None)

    def _missing(self, base: str, plots: Mapping[str, Any], name: str) -> Any:
        scope = self.scope.at("based_on")
        if base.startswith((".plot.", ".creator.", ".style.", ".hlpr.", ".defaults", ".dag.")):
            return scope.not_yet(
                f"the ready-made base configuration {base!r}",
                "Write its keys into your configuration, or into an entry of your own.",
            )
        known = [str(key) for _, layer in self.layers for key in layer if key != name]
        return scope.problem(
            "unknown-base",
            f"there is no plot configuration {base!r} to base {name!r} on",
            did_you_mean(base, known) or f"There are: {', '.join(known) or 'no others'}.",
        )

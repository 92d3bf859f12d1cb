"""How a parameter space looks in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from whence.base.card import card, faint, head, row
from whence.base.dotted import joined
from whence.base.excerpt import counted, short
from whence.params.difference import flatten

if TYPE_CHECKING:
    from whence.params.space import ParamSpace

_VALUES = 6  # of a dimension, told one by one
_CONSTANT = 12  # parameters that do not vary
_WIDTH = 60


def space_card(space: ParamSpace) -> str:
    """The dimensions of a space with their values, and what does not vary."""
    sizes = " × ".join(map(str, space.shape))
    points = "no dimensions" if not space.num_dims else counted(space.volume, "point")
    masked = space.full_volume - space.volume
    note = f"{points}{f' = {sizes}' if space.num_dims > 1 else ''}"
    return card("ParamSpace", _rows(space), f"{note}{f', {masked} masked' if masked else ''}")


def _rows(space: ParamSpace) -> Iterator[str]:
    for name, dim in space.dims.items():
        hidden = len(dim.values) - len(dim)
        more = f", {hidden} masked" if hidden else ""
        told = faint(f"{counted(len(dim), 'value')}{more}, default {short(dim.default, _WIDTH)}")
        yield row(name, f"{escape(_listed(tuple(dim)))}  {told}")
    for name, coupled in space.coupled_dims.items():
        target = coupled.target_name
        goes = target if isinstance(target, str) else joined(target or ())
        told = faint(f"goes with {goes}" if goes else "goes with another")
        yield row(name, f"{escape(_listed(coupled.values or ()))}  {told}")
    varying = {joined(path) for path in (*space.dims_by_loc, *space.coupled_dims_by_loc)}
    constant = {key: one for key, one in flatten(space.default).items() if key not in varying}
    if constant:
        yield head("constant")
    for key in list(constant)[:_CONSTANT]:
        yield row(key, escape(short(constant[key], _WIDTH)))
    if len(constant) > _CONSTANT:
        yield row("…", f"and {len(constant) - _CONSTANT} more")


def _listed(values: Sequence[Any]) -> str:
    texts = [short(value, _WIDTH) for value in values]
    return ", ".join(texts if len(texts) <= _VALUES else [*texts[:3], "…", texts[-1]])

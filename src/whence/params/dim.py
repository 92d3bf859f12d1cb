"""One named axis of a parameter space, and axes that follow another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, replace
from typing import Any, Final

from whence.base.error import UserError
from whence.base.problem import Problem, Where

VALUE_KINDS: Final = ("values", "range", "linspace", "logspace")

Mask = bool | slice | Sequence[bool]


class _Missing:
    """Stands for "not given", where None is a value."""

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Final[Any] = _Missing()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamDim:
    """One parameter, the values it goes through, and its default.

    State 0 is the default, states 1 to N are the values; a masked value keeps its state.

    Parameters
    ----------
    default : object
        The value where the parameter does not vary. Need not be one of the values.
    values : iterable, optional
        The values themselves. Exactly one of this and the next three is given.
    range, linspace, logspace : sequence of numbers, optional
        What `range`, `numpy.linspace` and `numpy.logspace` take. The latter two give floats.
    order : float, optional
        Where the dimension stands among others: a higher one varies faster.
    name : str, optional
        Its name, if not its key; without dots.
    as_type : str, optional
        ``str``, ``int``, ``float``, ``bool`` or ``tuple``: what default and values are made to be.
    assert_unique : bool, optional
        Whether equal values are refused.
    mask : bool, slice or sequence of bool, optional
        Which values are left out: all, those of a slice, or those where it is true.

    Raises
    ------
    UserError
        If these do not describe a dimension; it tells every reason.

    Examples
    --------
    >>> seed = ParamDim(default=42, range=[3])
    >>> seed.values, seed.coords, len(seed)
    ((0, 1, 2), (42, 0, 1, 2), 3)
    """

    default: Any = MISSING
    values: Any = MISSING
    range: InitVar[Any] = MISSING
    linspace: InitVar[Any] = MISSING
    logspace: InitVar[Any] = MISSING
    order: float = 0
    name: str | None = None
    as_type: InitVar[str | None] = None
    assert_unique: InitVar[bool] = True
    mask: Any = False

    def __post_init__(
        self,
        range_: Any,
        linspace: Any,
        logspace: Any,
        as_type: str | None,
        assert_unique: bool,
    ) -> None:
        kinds = dict(zip(VALUE_KINDS, (self.values, range_, linspace, logspace), strict=True))
        problems = _Problems()
        if self.default is MISSING:
            problems.add("missing-default", "a parameter dimension needs a default")
        shared, convert = problems.shared(self, as_type)
        values = problems.values(kinds, convert, assert_unique) or ()
        mask = problems.attempt("mask", as_mask, self.mask, len(values)) if values else ()
        problems.raise_all()
        _settle(self, {**shared, "values": values, "mask": mask})

    @property
    def coords(self) -> tuple[Any, ...]:
        """The value of every state: the default, then the values."""
        return (self.default, *self.values)

    @property
    def num_states(self) -> int:
        """How many states there are, the default's included and masked ones too."""
        return len(self.values) + 1

    @property
    def active_states(self) -> tuple[int, ...]:
        """The states it goes through: those not masked, or the default's if all are."""
        return tuple(i for i, masked in enumerate(self.mask, 1) if not masked) or (0,)

    def value_at(self, state: int) -> Any:
        """The value of a state."""
        return self.values[state - 1] if state else self.default

    def masked(self, mask: Mask) -> ParamDim:
        """The same dimension with another mask."""
        return replace(self, values=self.values, mask=mask, assert_unique=False)

    def __len__(self) -> int:
        return len(self.active_states)

    def __iter__(self) -> Iterator[Any]:
        return (self.value_at(state) for state in self.active_states)

    def yaml_node(self) -> tuple[str, dict[str, Any]]:
        """Tag and plain value of its YAML form."""
        node: dict[str, Any] = {"default": self.default, "values": list(self.values)}
        if self.order:
            node["order"] = self.order
        if self.name is not None:
            node["name"] = self.name
        if any(self.mask):
            node["mask"] = True if all(self.mask) else list(self.mask)
        if _has_duplicates(self.values):
            node["assert_unique"] = False
        return "!sweep", node


@dataclass(frozen=True, slots=True, kw_only=True)
class CoupledParamDim:
    """A parameter that follows the state of another one.

    Parameters
    ----------
    target_name : str or sequence of str or int, optional
        The dimension it follows: its name, or the end of its key path; a path that starts with an
        empty text is the whole path.
    target_pdim : ParamDim, optional
        The dimension it follows, itself. Exactly one of the two is given.
    default, values, range, linspace, logspace, as_type, assert_unique
        As for `ParamDim`; what is not given is the target's.
    order, name
        As for `ParamDim`.

    Examples
    --------
    >>> steps = CoupledParamDim(target_name="size", values=[100, 50], default=10)
    >>> steps.values
    (100, 50)
    """

    target_name: Any = None
    target_pdim: ParamDim | None = None
    default: Any = MISSING
    values: Any = MISSING
    range: InitVar[Any] = MISSING
    linspace: InitVar[Any] = MISSING
    logspace: InitVar[Any] = MISSING
    order: float = 0
    name: str | None = None
    as_type: InitVar[str | None] = None
    assert_unique: InitVar[bool] = False

    def __post_init__(
        self,
        range_: Any,
        linspace: Any,
        logspace: Any,
        as_type: str | None,
        assert_unique: bool,
    ) -> None:
        kinds = dict(zip(VALUE_KINDS, (self.values, range_, linspace, logspace), strict=True))
        problems = _Problems()
        if (self.target_name is None) == (self.target_pdim is None):
            message = "a coupled dimension needs one of target_name and target_pdim"
            problems.add("bad-target", message)
        target = problems.attempt("target_name", _target, self.target_name)
        shared, convert = problems.shared(self, as_type)
        values = MISSING
        if any(given is not MISSING for given in kinds.values()):
            values = problems.values(kinds, convert, assert_unique)
        problems.raise_all()
        _settle(self, {**shared, "values": values, "target_name": target})

    def coords(self, target: ParamDim) -> tuple[Any, ...]:
        """The value for every state of the target.

        Raises
        ------
        UserError
            If it has values of its own, but not as many as its target.
        """
        default = target.default if self.default is MISSING else self.default
        values = target.values if self.values is MISSING else self.values
        if len(values) != len(target.values):
            raise UserError.of(
                "coupled-length",
                f"this coupled dimension has {len(values)} values, its target {len(target.values)}",
                mend="Give as many values as the target has.",
            )
        return (default, *values)

    def named(self, target: tuple[Any, ...]) -> CoupledParamDim:
        """The same dimension with its target told by a key path, if it was not told by name."""
        if self.target_pdim is None:
            return self
        return replace(
            self, target_pdim=None, target_name=target, default=self.default, values=self.values
        )

    def yaml_node(self) -> tuple[str, dict[str, Any]]:
        """Tag and plain value of its YAML form."""
        target = self.target_name
        node: dict[str, Any] = {"target_name": list(target) if type(target) is tuple else target}
        if self.default is not MISSING:
            node["default"] = self.default
        if self.values is not MISSING:
            node["values"] = list(self.values)
        if self.order:
            node["order"] = self.order
        if self.name is not None:
            node["name"] = self.name
        return "!coupled-sweep", node


def as_mask(mask: Mask, length: int) -> tuple[bool, ...]:
    """Which of so many values a mask leaves out.

    Raises
    ------
    ValueError
        If it is neither a boolean nor a slice nor as many booleans as there are values.
    """
    if isinstance(mask, bool):
        return (mask,) * length
    if isinstance(mask, slice):
        hidden = set(range(length)[mask])
        return tuple(i in hidden for i in range(length))
    flags = tuple(_plain(flag) for flag in mask) if _is_listing(mask) else None
    if flags is None or len(flags) != length or any(type(flag) is not bool for flag in flags):
        raise ValueError(f"a mask is true, false, a slice, or a list of {length} of true and false")
    return flags


class _Problems:
    """What is wrong with a description, each with the key that it concerns."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, code: str, message: str, key: str | None = None, mend: str | None = None) -> None:
        self._found.append(Problem(code, message, Where(path=(key,)) if key else None, mend))

    def attempt(self, key: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the function gives, or None and a problem at the key."""
        try:
            return function(*arguments)
        except (ValueError, TypeError, OverflowError) as error:
            self.add("bad-value", f"{key}: {error}", key)
            return None

    def shared(
        self, dim: ParamDim | CoupledParamDim, as_type: str | None
    ) -> tuple[dict[str, Any], Callable[[Any], Any]]:
        """What any dimension has, as it is to be kept, and what makes its values of their type."""
        kept = {
            "order": self.attempt("order", _number_or_zero, dim.order),
            "name": self.attempt("name", _valid_name, dim.name),
        }
        convert = self.attempt("as_type", _converter, as_type) or _plain
        if dim.default is not MISSING:
            kept["default"] = self.attempt("default", convert, dim.default)
        return kept, convert

    def values(
        self, kinds: Mapping[str, Any], convert: Callable[[Any], Any], unique: bool
    ) -> tuple[Any, ...] | None:
        given = [kind for kind, value in kinds.items() if value is not MISSING]
        if len(given) != 1:
            code = "several-value-kinds" if given else "no-values"
            found = " and ".join(given) if given else "none"
            wanted = ", ".join(VALUE_KINDS)
            message = f"a parameter dimension needs one of {wanted}; found {found}"
            self.add(code, message, given[-1] if given else None)
            return None
        (kind,) = given
        values = self.attempt(kind, _EXPANSIONS[kind], kinds[kind])
        if values is None:
            return None
        if not values:
            self.add("no-values", f"{kind} gives no values; at least one is needed", kind)
            return None
        converted = self.attempt(kind, lambda: tuple(convert(value) for value in values))
        if unique and converted and _has_duplicates(converted):
            mend = "Remove the repeated ones, or set assert_unique to false."
            self.add("duplicate-values", "the values need to be unique", kind, mend)
        return converted  # type: ignore[no-any-return]

    def raise_all(self) -> None:
        if self._found:
            raise UserError(*self._found)


def _settle(dim: ParamDim | CoupledParamDim, fields: Mapping[str, Any]) -> None:
    """Put checked values in the place of those given, while a frozen dimension is born."""
    for name, value in fields.items():
        object.__setattr__(dim, name, value)


def _plain(value: Any) -> Any:
    """A NumPy scalar as the Python number it is, everything else as it came."""
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return value.item()
    return value


def _number_or_zero(order: Any) -> float:
    if order is None:
        return 0
    if isinstance(order, bool) or not isinstance(order, (int, float)) or order != order:
        raise ValueError(f"it must be a number, not {order!r}")
    return order


def _valid_name(name: Any) -> str | None:
    if name is not None and (not isinstance(name, str) or not name or "." in name):
        raise ValueError(f"a dimension's name is text without dots, not {name!r}")
    return name


def _target(target: Any) -> Any:
    if target is None or (isinstance(target, str) and target):
        return target
    if isinstance(target, (list, tuple)) and target:
        return tuple(target)
    raise ValueError(f"it is the name or the key path of a dimension, not {target!r}")


def _is_listing(value: Any) -> bool:
    return hasattr(value, "__iter__") and not isinstance(value, (str, bytes, Mapping))


def _listed(values: Any) -> tuple[Any, ...]:
    if not _is_listing(values):
        raise ValueError(f"it must be a list, not {values!r}")
    return tuple(_plain(value) for value in values)


def _arguments(values: Any, least: int, most: int) -> tuple[Any, ...]:
    arguments = _listed(values)
    numbers = all(isinstance(item, (int, float)) for item in arguments)
    if not least <= len(arguments) <= most or not numbers:
        wanted = f"{least} to {most} numbers" if least < most else f"{least} numbers"
        raise ValueError(f"it must be a list of {wanted}, not {values!r}")
    return arguments


def _ranged(values: Any) -> tuple[Any, ...]:
    numbers = _arguments(values, 1, 3)
    odd = next((item for item in numbers if not isinstance(item, int)), None)
    if odd is not None:
        raise ValueError(f"it takes whole numbers, not {odd!r}; linspace and values take any")
    return tuple(range(*numbers))


def _spaced(function: str) -> Callable[[Any], tuple[Any, ...]]:
    def expand(values: Any) -> tuple[Any, ...]:
        import numpy as np  # only who asks for it waits for it

        spaced = getattr(np, function)(*_arguments(values, 2, 4))
        return tuple(float(value) for value in spaced)

    return expand


_EXPANSIONS: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "values": _listed,
    "range": _ranged,
    "linspace": _spaced("linspace"),
    "logspace": _spaced("logspace"),
}


def _tupled(value: Any) -> Any:
    return tuple(_tupled(item) for item in value) if isinstance(value, (list, tuple)) else value


_TYPES: dict[str, Callable[[Any], Any]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "tuple": _tupled,
}


def _converter(as_type: Any) -> Callable[[Any], Any]:
    if as_type is None:
        return _plain
    if as_type not in _TYPES:
        raise ValueError(f"it is one of {', '.join(_TYPES)}, not {as_type!r}")
    return _TYPES[as_type]


def _has_duplicates(values: Sequence[Any]) -> bool:
    try:
        return len(set(values)) < len(values)
    except TypeError:  # lists and mappings have no hash
        return any(value in values[:i] for i, value in enumerate(values))

"""Operations: the named functions that steps of a transformation use."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, overload

from whence.base.code import code_digest
from whence.base.digest import digest_value
from whence.base.error import UserError
from whence.base.library import library_version
from whence.base.registry import Registry

Func = TypeVar("Func", bound=Callable[..., Any])


@dataclass(frozen=True)
class Operation:
    """A function by the name that steps call it.

    Attributes
    ----------
    name : str
        As written in a configuration: ``.mean``, ``np.where``, ``add``.
    find : callable
        Gives the function; called once, when the function is first needed, so that a table of
        operations costs no import.
    libraries : tuple of str
        The installed libraries whose versions stand for the code. Empty: the code itself does.
    names_code : bool
        Whether the first arguments name code, as those of ``import`` do, which then counts too.
    """

    name: str
    find: Callable[[], Callable[..., Any]]
    libraries: tuple[str, ...] = ()
    names_code: bool = False

    @cached_property
    def func(self) -> Callable[..., Any]:
        """The function."""
        return self.find()

    @property
    def digest(self) -> str:
        """What changes with the code: part of the key of every node that uses this.

        That of the user's code is taken each time: what a function names may be put anew.
        """
        return self._versions if self.libraries else code_digest(self.func)

    @cached_property
    def _versions(self) -> str:
        return digest_value([(name, library_version(name)) for name in self.libraries])


@functools.cache
def operations() -> Registry[Operation]:
    """Every operation of this process: the built-in ones and those registered since."""
    from whence.transform.builtin import builtin_operations

    registry: Registry[Operation] = Registry("operation", "whence operations")
    for operation in builtin_operations():
        registry.add(operation.name, operation)
    return registry


def find_operation(name: str) -> Operation:
    """The operation of that name, also one that a gateway like ``np.`` leads to.

    Raises
    ------
    UserError
        If there is none, or if whence knows it but does not accept it yet.

    Examples
    --------
    >>> find_operation("add").func(1, 2)
    3
    >>> float(find_operation("np.hypot").func(3, 4))
    5.0
    """
    registry = operations()
    found = registry.get(name)
    if found is not None:
        return found
    from whence.transform.builtin import NOT_YET
    from whence.transform.gateway import through_gateway

    if name in NOT_YET:
        raise UserError.of(
            "operation-not-accepted",
            f"operation {name!r} is not accepted yet: {NOT_YET[name]}",
            mend="Write it as a function of your own and register it with "
            "whence.register_operation.",
        )
    return through_gateway(name) or registry.find(name)


@overload
def register_operation(
    func: Func,
    name: str | None = None,
    *,
    skip_existing: bool = ...,
    overwrite_existing: bool = ...,
) -> Func: ...


@overload
def register_operation(
    func: None = None, *, name: str, skip_existing: bool = ..., overwrite_existing: bool = ...
) -> Callable[[Func], Func]: ...


def register_operation(
    func: Any = None,
    name: Any = None,
    *,
    skip_existing: bool = False,
    overwrite_existing: bool = False,
) -> Any:
    """Make a function available to transformations under a name.

    Parameters
    ----------
    func : callable
        The function. Its code is part of the identity of every result it makes, so that an edit
        of it, or of a function of the same project that it names, computes these afresh.
    name : str, optional
        Its name; the function's own if not given. Name and function may come in either order.
    skip_existing : bool
        Keep an operation that has the name already.
    overwrite_existing : bool
        Replace it.

    Returns
    -------
    callable
        The function, unchanged.

    Raises
    ------
    UserError
        If the name is taken and neither option is set, or if `func` is not callable.

    Examples
    --------
    >>> register_operation(name="doc_double", func=lambda x: 2 * x, overwrite_existing=True)(21)
    42
    """
    if isinstance(func, str):
        func, name = name, func
    if func is None:
        return is_operation(name, overwrite_existing=overwrite_existing)
    if not callable(func):
        raise UserError.of("not-a-function", f"the operation {name!r} is given no function")
    name = name or getattr(func, "__name__", None)
    if not isinstance(name, str) or not name:
        raise UserError.of("operation-without-name", "an operation needs a name")
    if name in operations() and skip_existing:
        return func
    if name in operations() and not (overwrite_existing or _same(operations()[name].func, func)):
        raise UserError.of(
            "operation-exists",
            f"there is already an operation named {name!r}",
            mend="Choose another name, or pass overwrite_existing=True to put yours in its place.",
        )
    operations().add(name, Operation(name, lambda: func), replace=True)
    return func


def _same(known: Any, func: Any) -> bool:
    """Whether it is the function that is registered, perhaps from a module loaded again."""
    named, again = (
        f"{getattr(each, '__module__', None)}.{getattr(each, '__qualname__', '<')}"
        for each in (known, func)
    )
    return known is func or (named == again and "<" not in named)


@overload
def is_operation(name_or_func: Func, *, overwrite_existing: bool = ...) -> Func: ...


@overload
def is_operation(
    name_or_func: str | None = None, *, overwrite_existing: bool = ...
) -> Callable[[Func], Func]: ...


def is_operation(name_or_func: Any = None, *, overwrite_existing: bool = False) -> Any:
    """A decorator that registers a function as an operation, under its own or another name.

    Examples
    --------
    >>> @is_operation("doc_triple", overwrite_existing=True)
    ... def triple(x):
    ...     return 3 * x
    >>> find_operation("doc_triple").func(2)
    6
    """
    if callable(name_or_func):
        return register_operation(name_or_func, overwrite_existing=overwrite_existing)

    def register(func: Func) -> Func:
        return register_operation(func, name_or_func, overwrite_existing=overwrite_existing)

    return register


def described_operations() -> Mapping[str, str]:
    """Every name with one line on what it calls, for listings."""
    from whence.transform.builtin import GATEWAYS

    listed = {name: _line(operation) for name, operation in operations().items()}
    listed |= {name: f"any function of {module}" for name, module in GATEWAYS.items()}
    return dict(sorted(listed.items()))


def _line(operation: Operation) -> str:
    if operation.libraries and not operation.name.startswith("."):
        return f"from {operation.libraries[0]}"
    if operation.name.startswith("."):
        return "of the first argument"
    doc = (operation.func.__doc__ or "").strip().splitlines()
    return doc[0] if doc else "your own"

"""Whether a function can take a folder and the parameters of a point, known before it is called."""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from typing import Any

from whence.base.error import UserError
from whence.base.problem import Where


def check_call(
    name: str, signature: Signature | None, where: Where | None, params: Mapping[str, Any]
) -> None:
    """Refuse a function that cannot be called with a folder and these parameters.

    Parameters
    ----------
    name : str
        Its name.
    signature : Signature, optional
        What it takes; nothing is refused if that is not known.
    where : Where, optional
        Where it is defined.
    params : mapping
        The parameters of a point.

    Raises
    ------
    UserError
        If one is missing, or not taken.
    """
    if signature is None:
        return
    try:
        signature.bind("folder", **params)
    except TypeError as error:
        shown = ", ".join(["folder", *(f"{key}=…" for key in params)])
        raise UserError.of(
            "bad-signature",
            f"{name}{signature} cannot take the parameters of a point: {error}",
            where=where,
            mend=f"It is called as {name}({shown}), with the folder for its output first. Take "
            "what else there may be as **rest.",
        ) from None


def signature_of(function: Callable[..., Any]) -> Signature | None:
    """What a function takes, or None if that cannot be known, as of some compiled ones."""
    try:
        found = inspect.signature(function)
    except (ValueError, TypeError):
        return None
    return _bare(list(found.parameters.values()))


def signature_in(
    source: str, name: str, file: str | os.PathLike[str]
) -> tuple[Signature | None, Where]:
    """What a function takes by the text of its file, which is not run; and where it begins.

    The signature is None where the text does not tell: the name is given to something else than
    one plain function, or a decorator may change what it takes.
    """
    tree = ast.parse(source)
    nodes = [node for node in tree.body if getattr(node, "name", None) == name]
    again = any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name
        for node in ast.walk(tree)
    )
    only = nodes[0] if len(nodes) == 1 and not again else None
    if not isinstance(only, ast.FunctionDef) or only.decorator_list:
        return None, Where(os.fspath(file))
    where = Where(os.fspath(file), only.lineno, only.col_offset + len("def ") + 1, len(name))
    return _bare(_parameters(only.args)), where


def _parameters(args: ast.arguments) -> list[Parameter]:
    """The parameters of a definition, those with a default marked by one."""
    plain = [
        *((one, Parameter.POSITIONAL_ONLY) for one in args.posonlyargs),
        *((one, Parameter.POSITIONAL_OR_KEYWORD) for one in args.args),
    ]
    needed = len(plain) - len(args.defaults)
    found = [
        Parameter(one.arg, kind, default=Parameter.empty if number < needed else ...)
        for number, (one, kind) in enumerate(plain)
    ]
    if args.vararg:
        found.append(Parameter(args.vararg.arg, Parameter.VAR_POSITIONAL))
    for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        value = Parameter.empty if default is None else ...
        found.append(Parameter(one.arg, Parameter.KEYWORD_ONLY, default=value))
    if args.kwarg:
        found.append(Parameter(args.kwarg.arg, Parameter.VAR_KEYWORD))
    return found


def _bare(parameters: list[Parameter]) -> Signature:
    """A signature without annotations, whose defaults are shown as dots."""
    return Signature(
        [
            one.replace(
                annotation=Parameter.empty,
                default=one.default if one.default is Parameter.empty else _Dots(),
            )
            for one in parameters
        ]
    )


class _Dots:
    """A default value, whatever it is."""

    def __repr__(self) -> str:
        return "…"

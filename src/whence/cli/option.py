"""Options that commands share, and how they turn into arguments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from whence.base.error import UserError

F = TypeVar("F", bound=Callable[..., Any])


def common(function: F) -> F:
    """The options of every command: where the store is, and answers for programs."""
    where = "The project folder or its .whence folder; found from here upward if not given."
    return in_store(where)(in_json(function))


def in_json(function: F) -> F:
    """The option that has programs answered."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")(
        function
    )


def in_store(told: str) -> Callable[[F], F]:
    """The option that says where the store is."""
    return click.option(
        "--store", "store", type=click.Path(path_type=Path), metavar="PATH", help=told
    )


def limited(shown: int) -> Callable[[F], F]:
    """The option that says how many are shown; `shown` of them are in a terminal else."""
    return click.option(
        "-n",
        "--limit",
        type=click.IntRange(min=0),
        metavar="N",
        help=f"Only the first N (0: all; in a terminal {shown} if not given).",
    )


def parameters(pairs: tuple[str, ...]) -> dict[str, Any]:
    """The nested parameters that ``key=value`` words spell; values are read as YAML.

    Raises
    ------
    UserError
        If a word has no ``=``, an empty key, or sets a key below one that holds a value.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not all(key.split(".")):
            raise UserError.of(
                "bad-parameter",
                f"{pair!r} is not a parameter",
                mend="Write --param KEY=VALUE, like --param seed=3 or --param model.rate=1e-3.",
            )
        *groups, last = key.split(".")
        level = found
        for group in groups:
            level = level.setdefault(group, {})
            if not isinstance(level, dict):
                raise UserError.of("bad-parameter", f"{pair!r} lies below {group!r}, a value")
        level[last] = _value(pair, key, text)
    return found


def _value(pair: str, key: str, text: str) -> Any:
    from whence.base.yaml import parse

    try:
        return parse(text).value
    except UserError as error:
        why = "; ".join(problem.message for problem in error.problems)
        raise UserError.of(
            "bad-parameter",
            f"the value of {key!r} in --param {pair!r} is no YAML: {why}",
            mend=f"To give text as it is, quote it twice: --param '{key}=\"...\"'.",
        ) from None

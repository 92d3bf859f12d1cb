"""A command with placeholders, and what is filled in for them."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from whence.base.error import UserError
from whence.base.problem import Problem, did_you_mean

OWN = ("out", "params_file", "state")
"""Placeholders that whence fills in itself."""

_Field = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Template:
    """A command whose words hold placeholders like ``{seed}`` or ``{model.rate:.3f}``.

    ``{{`` and ``}}`` stand for braces. A value is written as Python's `format` does, except that
    true and false are lower case, None is empty, and lists and mappings are JSON.

    Attributes
    ----------
    words : tuple of str
        Program and arguments.

    Examples
    --------
    >>> Template(("./solve", "--T={T:.2f}", "{out}")).fill({"T": 0.7, "out": "runs/a"})
    ['./solve', '--T=0.70', 'runs/a']
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        problems = [problem for word in self.words if (problem := _broken(word))]
        if problems:
            raise UserError(*problems)

    @property
    def names(self) -> tuple[str, ...]:
        """The placeholders, each once."""
        fields = (field for word in self.words for _, field in _pieces(word))
        return tuple(dict.fromkeys(field[0] for field in fields if field))

    def check(self, known: Iterable[str]) -> None:
        """Refuse placeholders that nothing would be filled in for.

        Raises
        ------
        UserError
            With every unknown placeholder, and those that could mean two things.
        """
        parameters = set(known)
        problems = []
        for name in self.names:
            if name in OWN and name in parameters:
                problems.append(
                    Problem(
                        "ambiguous-placeholder",
                        f"{{{name}}} could mean the parameter {name!r} or whence's own",
                        mend=f"Rename the parameter, or nest it: {{model.{name}}}.",
                    )
                )
            elif name not in OWN and name not in parameters:
                problems.append(_unknown(name, sorted(parameters)))
        if problems:
            raise UserError(*problems)

    def fill(self, values: Mapping[str, Any]) -> list[str]:
        """The command with values in the place of the placeholders."""
        return [
            "".join(
                text + (_written(values[field[0]], field[1]) if field else "")
                for text, field in _pieces(word)
            )
            for word in self.words
        ]


def _pieces(word: str) -> Iterator[tuple[str, _Field | None]]:
    for text, name, spec, _ in string.Formatter().parse(word):
        yield text, None if name is None else (name, spec or "")


def _broken(word: str) -> Problem | None:
    mend = "Write {{ and }} for braces that are meant as such."
    try:
        converted = any(conversion for *_, conversion in string.Formatter().parse(word))
        empty = any(field and not field[0] for _, field in _pieces(word))
    except ValueError as error:
        return Problem("bad-placeholder", f"{word!r} cannot be read: {error}", mend=mend)
    if empty:
        return Problem("bad-placeholder", f"{word!r} has a placeholder without a name", mend=mend)
    if converted:
        return Problem(
            "bad-placeholder", f"{word!r} has a conversion like '!r'", mend="Leave it out."
        )
    return None


def _unknown(name: str, parameters: Sequence[str]) -> Problem:
    near = did_you_mean(name, [*parameters, *OWN])
    shown = ", ".join(f"{{{word}}}" for word in [*parameters, *OWN][:20])
    return Problem(
        "unknown-placeholder",
        f"nothing is known to fill in for {{{name}}}",
        mend=f"{near or f'Known are {shown}.'} Write {{{{ and }}}} for braces meant as such.",
    )


def _written(value: Any, spec: str) -> str:
    if isinstance(value, bool) and not spec:
        return str(value).lower()
    if value is None:
        return ""
    if isinstance(value, Mapping | list | tuple):
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    try:
        return format(value, spec)
    except (ValueError, TypeError) as error:
        raise UserError.of(
            "bad-placeholder", f"{value!r} cannot be written as {spec!r}: {error}"
        ) from None

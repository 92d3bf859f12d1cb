"""What `Run.config` sets."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from whence.base.error import UserError, WhenceError
from whence.runs.emission import Rates
from whence.runs.fact import one_of
from whence.runs.keeper import BEAT

OnAlert = Literal["run", "terminate", "ignore"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run behaves.

    Attributes
    ----------
    interval : float or None
        Seconds between looks at what the process tree uses; None for no looks.
    on_alert : str
        What an alert does that is to abort: ``run`` ends the run, ``terminate`` the process
        too (by SIGTERM to itself), ``ignore`` neither.
    rates : Rates or None
        What the machine takes, where emissions are to be estimated.
    """

    interval: float | None = BEAT
    on_alert: OnAlert = "run"
    rates: Rates | None = None

    def __post_init__(self) -> None:
        one_of(self.on_alert, ("run", "terminate", "ignore"), "action on alerts")
        if self.interval is not None and not 0.05 <= self.interval < 1e9:
            raise UserError.of(
                "bad-interval",
                f"resources cannot be looked at every {self.interval} seconds",
                mend="Give 0.05 or more, or disable_resources_metrics=True.",
            )


def changed(
    settings: Settings,
    interval: float | None,
    emissions: bool | None,
    no_looks: bool | None,
    on_alert: OnAlert | bool | None,
) -> Settings:
    """The settings with what is given, each as `Run.config` takes it, in its place."""
    words: dict[Any, Any] = {None: settings.on_alert, True: "run", False: "ignore"}
    word: Any = words.get(on_alert, on_alert)
    found = replace(settings, on_alert=word)
    if interval is not None:
        found = replace(found, interval=interval)
    if no_looks:
        found = replace(found, interval=None)
    if emissions is not None:
        found = replace(found, rates=Rates.of(os.environ) if emissions else None)
    return found


def forgive(run: object) -> None:
    """Have the calls of a run log their errors as warnings, in the place of raising them."""
    for name in _verbs(run):
        setattr(run, name, _forgiving(getattr(run, name)))


def silence(run: object) -> None:
    """Have the calls of a run do nothing; those that give the run go on to do so."""
    for name in _verbs(run):
        setattr(run, name, _itself(run) if name in _CHAINED else _nothing)


_CHAINED = frozenset(["init", "reconnect", "config"])


def _verbs(run: object) -> list[str]:
    kind = type(run)
    return [name for name in dir(kind) if name[0] != "_" and callable(getattr(kind, name))]


def _nothing(*args: object, **kwargs: object) -> None:
    return None


def _itself(run: object) -> Callable[..., object]:
    return lambda *args, **kwargs: run


def _forgiving(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def tried(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except WhenceError as error:
            logging.getLogger("whence").warning("%s: %s", method.__name__, error)
            return None

    return tried

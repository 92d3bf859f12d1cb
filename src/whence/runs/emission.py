"""An estimate of the energy that a run takes and of the carbon dioxide that stands for.

    energy    = time x (use of the processors x their power + use of each GPU x its power)
    emissions = energy x intensity

with the thermal design power, as the makers tell it, for the power at full use. Memory, disks,
network and cooling are left out, and so is what the machine takes when it idles: the true figure is
higher. Nothing is asked of the network: power and intensity are the user's to tell.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from whence.base.error import UserError
from whence.store import Store

_CPU = "resources/cpu.usage.percentage"
_GPU = "resources/gpu.utilisation.percent."
_JOULES = 3.6e6  # of a kilowatt hour

UNITS = {
    "sustainability.energy_consumed.total": "kWh",
    "sustainability.energy_consumed.delta": "kWh",
    "sustainability.emissions.total": "kg",
    "sustainability.emissions.delta": "kg",
}
"""The metrics, and the units of their values."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What a machine takes, and what that costs.

    Attributes
    ----------
    intensity : float
        Grams of carbon dioxide for a kilowatt hour.
    cpu : float
        Watts of all processors of the machine together, at full use.
    gpu : float
        Watts of each GPU at full use.
    """

    intensity: float
    cpu: float
    gpu: float = 0.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Rates:
        """The rates that environment variables tell.

        Raises
        ------
        UserError
            If one is missing, or is no number from 0 up.

        Examples
        --------
        >>> Rates.of({"WHENCE_CO2_INTENSITY": "230", "WHENCE_CPU_TDP": "120"})
        Rates(intensity=230.0, cpu=120.0, gpu=0.0)
        """
        return cls(
            _number(environment, "WHENCE_CO2_INTENSITY", "grams of CO2 for a kilowatt hour"),
            _number(environment, "WHENCE_CPU_TDP", "watts of all processors at full use"),
            _number({"WHENCE_GPU_TDP": "0", **environment}, "WHENCE_GPU_TDP", "watts of each GPU"),
        )


class Emission:
    """Adds up what a run takes.

    Parameters
    ----------
    rates : Rates
        What the machine takes, and what that costs.
    started : float
        When the run started, in seconds since 1970-01-01 UTC.
    """

    def __init__(self, rates: Rates, started: float) -> None:
        self._rates, self._at = rates, started
        self.total = 0.0  # kWh

    def read(self, use: Mapping[str, float], now: float) -> dict[str, float]:
        """The values of the metrics in `UNITS`, after a time in which so much was used.

        Parameters
        ----------
        use : mapping
            What a `Probe` has read: percentages, of one core for the processors.
        now : float
            When, in seconds since 1970-01-01 UTC.
        """
        passed, self._at = max(now - self._at, 0.0), now
        power = use.get(_CPU, 0.0) / 100.0 / (os.cpu_count() or 1) * self._rates.cpu
        power += sum(v / 100.0 * self._rates.gpu for k, v in use.items() if k.startswith(_GPU))
        energy = power * passed / _JOULES
        self.total += energy
        kilograms = self._rates.intensity / 1000.0
        values = (self.total, energy, self.total * kilograms, energy * kilograms)
        return dict(zip(UNITS, values, strict=True))


def tell_units(store: Store, run: str) -> None:
    """Put the units of the metrics of a run on record."""
    for name, units in UNITS.items():
        store.writer().append("metric", run, {"name": name, "f": {"units": units}})


def _number(environment: Mapping[str, str], name: str, what: str) -> float:
    text = environment.get(name, "")
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 0.0 <= value < 1e9:
        return value
    raise UserError.of(
        "no-rate",
        f"{name} is {text!r}" if text else f"{name} is not set",
        mend=f"Emissions are estimated from it: export {name}=<{what}>.",
    )

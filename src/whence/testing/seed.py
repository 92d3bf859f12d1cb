"""The code and configuration that a pipeline tutorial shows, cut out of its text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# Each part of the document: how it begins, and how the prose after it begins.
_PARTS = {
    "generator": ("import os\nfrom functools import reduce", "\nSimulation parameters\n"),
    "sim_cfg": ("# A parameter space of simulation parameters", "\nFull load configuration"),
    "load_cfg": ("# Load the parameter space object into the ParamSpaceGroup", None),
    "data_manager": ("data_manager:\n", "\nThese already include"),
    "plot_manager": ("plot_manager:\n", "\nAs part of this"),
    "plots": ('# For each simulation, called "universe"', "# -- Step 11"),
    "more_plots": ('# --- Define so-called "multiverse" plots', "\nThese plot configurations"),
    "step_0": ("# -- Step 0", "\nNow, let"),
    "step_1": ("# -- Step 1:", "\nAlso, we need"),
    "step_2": ("# -- Step 2", "\nGenerating data and"),
    "step_3": ("# -- Step 3", "\nIn this example, the generate"),
    "step_4": ("# -- Step 4", "\nIn this case, MyDataManager"),
    "step_5": ("# -- Step 5", "\nAs initialization parameters"),
    "step_7": ("# -- Step 7", "\nThe (condensed) tree view"),
    "access": ("# To access data, can use", "\nSummary"),
    "step_8": ("# -- Step 8", "\nEven if you do not"),
    "step_9": ("# -- Step 9", "\nInitializing MyPlotManager"),
    "step_10": ("# -- Step 10", "\nThe pm_cfg is used"),
    "step_11": ("# -- Step 11", "\nOnce invoked"),
}


@dataclass(frozen=True, slots=True)
class Seed:
    """The integration tutorial of dantro, as text."""

    text: str

    @classmethod
    def find(cls, repository: Path) -> Seed | None:
        """The tutorial beside a repository, or None if it is not there."""
        found = sorted((repository.parent / "shared" / "seeds").glob("003_*.txt"))
        return cls(found[0].read_text()) if found else None

    def part(self, name: str) -> str:
        """One part: ``generator``, ``sim_cfg``, ``load_cfg``, ``step_0``, ...

        Raises
        ------
        ValueError
            If the text has no such part.
        """
        begin, end = _PARTS[name]
        start = self.text.index(begin)
        return self.text[start : None if end is None else self.text.index(end, start)]

    def project_cfg(self) -> str:
        """The whole project configuration: the managers' sections, with the load configuration."""
        head, _, _ = self.part("data_manager").partition("    # ... load configuration")
        load = "".join(f"    {line}\n" for line in self.part("load_cfg").splitlines())
        return f"{head}{load}\n{self.part('plot_manager')}"

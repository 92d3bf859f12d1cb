"""What the figure is made with: averages with their errors, the published curve, the drawing.

whence imports this file because `whence.toml` names it.
"""

import sys
from pathlib import Path

import numpy as np
import xarray as xr

import whence

sys.path.append(str(Path(__file__).parent))
from reference import johnson

BLOCKS = 10


def later_half(thermo, column):
    """What was written in the later half of a run, (step,)."""
    values = np.asarray(thermo[column])
    return values[len(values) // 2 :]


def block_error(values, blocks=BLOCKS):
    """Standard error of the mean of correlated values, from the means of equal blocks.

    Blocks longer than the values stay correlated are independent: H. Flyvbjerg, H. G. Petersen,
    J. Chem. Phys. 91 (1989) 461. Ten blocks of the later half last 5 reduced time units each here.
    """
    length = len(values) // blocks
    means = values[-blocks * length :].reshape(blocks, length).mean(axis=1)
    return means.std(ddof=1) / np.sqrt(blocks)


@whence.is_operation
def settled_mean(thermo, column):
    """The mean over the later half of a run."""
    return xr.DataArray(later_half(thermo, column).mean())


@whence.is_operation
def settled_error(thermo, column):
    """The statistical error of `settled_mean`."""
    return xr.DataArray(block_error(later_half(thermo, column)))


@whence.is_operation
def published_pressure(pressure, points=101):
    """The pressure after Johnson, Zollweg and Gubbins at the same temperatures, (T, rho)."""
    rho = np.linspace(0, float(pressure.rho.max()), points)
    curves = [[johnson(float(T), float(r)) for r in rho] for T in pressure["T"]]
    return xr.DataArray(curves, dims=("T", "rho"), coords={"T": pressure["T"].values, "rho": rho})


@whence.is_plot_func(creator="multiverse", required_dag_tags=("pressure", "error", "published"))
def isotherms(*, data, hlpr):
    """Pressure against density, a line for each temperature, with errors and published curves."""
    pressure, error, published = data["pressure"], data["error"], data["published"]
    for T in pressure["T"].values:
        at = {"T": T}
        drawn = hlpr.ax.errorbar(
            pressure.rho, pressure.sel(at), error.sel(at), fmt="o", ms=3, capsize=3, label=f"{T:g}"
        )
        curve = published.sel(at)
        hlpr.ax.plot(curve.rho, curve, lw=0.8, color=drawn.lines[0].get_color())
    hlpr.provide_defaults("set_legend", title="T", loc="upper left")

"""What is computed for the figure: averages with their errors, and the published curves.

whence imports this file because `whence.toml` names it.
"""

import numpy as np
import xarray as xr
from reference import johnson

import whence

BLOCKS = 10


def later_half(thermo, column):
    """What was written in the later half of a run, (step,)."""
    values = np.asarray(thermo[column])
    return values[len(values) // 2 :]


def block_error(values, blocks=BLOCKS):
    """Standard error of the mean of correlated values, from the means of equal blocks.

    Blocks longer than the values stay correlated are independent: H. Flyvbjerg, H. G. Petersen,
    J. Chem. Phys. 91 (1989) 461. Ten blocks of the later half last 4 reduced time units each here.
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

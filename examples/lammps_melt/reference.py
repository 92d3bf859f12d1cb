"""Published equations of state of the Lennard-Jones fluid, in reduced units.

`johnson` is the one that the figure draws. `kolafa_nezbeda` was fitted by other people, in another
functional form, to partly other simulations, and `second_virial` is exact: together they tell a
slip in the many coefficients from a property of the fluid. `tests/examples/test_lammps_melt.py`
holds all three against each other and against values published elsewhere.

    python reference.py 1.35 0.5
"""

import math
import sys

# J. K. Johnson, J. A. Zollweg, K. E. Gubbins, Molecular Physics 78 (1993) 591-618,
# doi:10.1080/00268979300100411: x_1 ... x_32 of their Table 10; gamma = 3.
X = (
    *(0.8623085097507421, 2.976218765822098, -8.402230115796038, 0.1054136629203555),
    *(-0.8564583828174598, 1.582759470107601, 0.7639421948305453, 1.753173414312048),
    *(2.798291772190376e3, -4.8394220260857657e-2, 0.9963265197721935, -3.698000291272493e1),
    *(2.084012299434647e1, 8.305402124717285e1, -9.574799715203068e2, -1.477746229234994e2),
    *(6.398607852471505e1, 1.603993673294834e1, 6.805916615864377e1, -2.791293578795945e3),
    *(-6.245128304568454, -8.116836104958410e3, 1.488735559561229e1, -1.059346754655084e4),
    *(-1.131607632802822e2, -8.867771540418822e3, -3.986982844450543e1, -4.689270299917261e3),
    *(2.593535277438717e2, -2.694523589434903e3, -7.218487631550215e2, 1.721802063863269e2),
)
GAMMA = 3.0

# Which powers of T their coefficients a_i (of the polynomial) and b_i (of the exponential) carry.
A_POWERS = (
    (1, 0.5, 0, -1, -2),
    (1, 0, -1, -2),
    (1, 0, -1),
    (0,),
    (-1, -2),
    (-1,),
    (-1, -2),
    (-2,),
)
B_POWERS = ((-2, -3), (-2, -4), (-2, -3), (-2, -4), (-2, -3), (-2, -3, -4))


def _series(T: float) -> tuple[list[float], list[float]]:
    terms = iter(X)
    a = [sum(next(terms) * T**power for power in powers) for powers in A_POWERS]
    b = [sum(next(terms) * T**power for power in powers) for powers in B_POWERS]
    return a, b


def johnson(T: float, rho: float) -> float:
    """Pressure [epsilon / sigma^3] after Johnson, Zollweg and Gubbins (1993).

    P = rho T + sum_i a_i rho^(i+1) + exp(-gamma rho^2) sum_i b_i rho^(2i+1)
    """
    a, b = _series(T)
    polynomial = sum(a_i * rho ** (i + 1) for i, a_i in enumerate(a, start=1))
    exponential = sum(b_i * rho ** (2 * i + 1) for i, b_i in enumerate(b, start=1))
    return rho * T + polynomial + math.exp(-GAMMA * rho**2) * exponential


# J. Kolafa, I. Nezbeda, Fluid Phase Equilibria 100 (1994) 1-34,
# doi:10.1016/0378-3812(94)80001-4, Tables 2 and 3.
DIAMETER = {-1.0: 0.011117524, -0.5: -0.076383859, 0.0: 1.080142248, 0.5: 0.000693129}
DIAMETER_LOG = -0.063920968
DELTA_B2 = {0.0: 0.02459877, -1.0: -7.02181962, -1.5: 2.90616279, -2.0: -4.13749995}
DELTA_B2 |= {-2.5: 0.87361369, -3.0: 0.43102052, -3.5: -0.58544978}
DAMPING = 1.92907278
C = {  # power of T: coefficients of rho^2 ... rho^6
    0.0: (2.01546797, -28.17881636, 28.28313847, -10.42402873, 0.0),
    -0.5: (-19.58371655, 75.62340289, -120.70586598, 93.92740328, -27.37737354),
    -1.0: (29.34470520, -112.35356937, 170.64908980, -123.06669187, 34.42288969),
    -2.0: (-13.37031968, 65.38059570, -115.09233113, 88.91973082, -25.62099890),
}


def kolafa_nezbeda(T: float, rho: float) -> float:
    """Pressure [epsilon / sigma^3] after Kolafa and Nezbeda (1994), their equation 31."""
    diameter = sum(c * T**power for power, c in DIAMETER.items()) + DIAMETER_LOG * math.log(T)
    eta = math.pi / 6 * rho * diameter**3
    hard = (1 + eta + eta**2 - 2 / 3 * eta**3 * (1 + eta)) / (1 - eta) ** 3
    delta = sum(c * T**power for power, c in DELTA_B2.items())
    damped = rho * (1 - 2 * DAMPING * rho**2) * math.exp(-DAMPING * rho**2) * delta
    rest = sum(
        j * c * T ** (power - 1) * rho**j
        for power, coefficients in C.items()
        for j, c in enumerate(coefficients, start=2)
    )
    return rho * T * (hard + damped + rest)


def second_virial(T: float, terms: int = 60) -> float:
    """B_2 [sigma^3], exact: the series of J. E. Lennard-Jones, Proc. R. Soc. A 106 (1924) 463.

    B_2 = -(2 pi / 3) y^(1/2) sum_n Gamma((2n - 1) / 4) / (4 n!) y^n with y = 2 / T^(1/2)
    """
    y = 2 / math.sqrt(T)
    total = sum(
        -(y**n) * math.gamma((2 * n - 1) / 4) / (4 * math.factorial(n)) for n in range(terms)
    )
    return 2 * math.pi / 3 * math.sqrt(y) * total


if __name__ == "__main__":
    T, rho = map(float, sys.argv[1:3])
    print(f"T {T:g}  rho {rho:g}")
    print(f"Johnson, Zollweg, Gubbins  P = {johnson(T, rho):.5f}")
    print(f"Kolafa, Nezbeda            P = {kolafa_nezbeda(T, rho):.5f}")
    virial = rho * T * (1 + second_virial(T) * rho)
    print(f"second virial coefficient  P = {virial:.5f}  (for a dilute gas)")

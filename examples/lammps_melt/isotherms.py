"""How the figure is drawn."""

import whence


@whence.is_plot_func(creator="multiverse", required_dag_tags=("pressure", "error", "published"))
def isotherms(*, data, hlpr):
    """Pressure against density, a line for each temperature, with errors and published curves."""
    pressure, error, published = data["pressure"], data["error"], data["published"]
    for T in pressure["T"].values:
        at = {"T": T}
        drawn = hlpr.ax.errorbar(
            pressure.rho, pressure.sel(at), error.sel(at), fmt="o-", ms=3, capsize=3, label=f"{T:g}"
        )
        curve = published.sel(at)
        hlpr.ax.plot(curve.rho, curve, ls=":", color=drawn.lines[0].get_color())
    hlpr.provide_defaults("set_legend", title="T", loc="upper left")

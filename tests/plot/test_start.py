"""What importing the room costs: reading a recipe needs no library that draws."""

import subprocess
import sys


def test_nothing_heavy_is_imported_before_the_first_figure():
    code = (
        "import sys, whence.plot\n"
        "from whence.plot import PlotManager, read_recipe, is_plot_func\n"
        "PlotManager()\n"
        "heavy = {'numpy', 'matplotlib', 'xarray', 'pandas', 'h5py', 'PIL', 'pypdf', 'networkx'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"

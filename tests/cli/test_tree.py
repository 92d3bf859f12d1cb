"""`whence tree` where nobody has written how to load."""

import sys

SIMULATE = """\
import numpy as np

def simulate(out, speed):
    np.save(out / "position.npy", speed * np.arange(4.0))
"""
SPACE = "!pspace\nspeed: !pdim {default: 1., values: [1., 2.]}\n"
PLOTS = """\
position:
  creator: universe
  universes: all
  module: .generic
  plot_func: facet_grid
  kind: line
  x: dim_0
  select:
    data: position
"""


def swept(whence):
    (whence.cwd / "simulate.py").write_text(SIMULATE)
    (whence.cwd / "space.yml").write_text(SPACE)
    whence("sweep", "space.yml", "--", "simulate.py:simulate")


def test_a_sweep_then_its_tree_then_a_figure(whence):
    swept(whence)
    done = whence("tree")
    assert "ParamSpaceGroup, 2 members" in done.stdout
    assert "NumpyDataContainer, float64, shape (4,)" in done.stdout
    assert "no eval.yml" in done.stderr
    told = whence("plot", check=False)
    assert "A plots.yml for the data" in told.stderr
    whence("tree", "--write", "eval.yml")
    (whence.cwd / "plots.yml").write_text(PLOTS)
    drawn = whence.json("plot")
    assert [figure["status"] for figure in drawn["figures"]] == ["drawn", "drawn"]
    (twice,) = [whence("tree", "--write", "eval.yml", check=False)]
    assert (twice.returncode, "File exists" in twice.stderr) == (2, True)


def test_an_eval_yml_for_other_data_is_told_with_what_to_do(whence):
    swept(whence)
    entry = "{loader: numpy, glob_str: 'sim_*/energy.npy', required: true}"
    (whence.cwd / "eval.yml").write_text(f"data_manager:\n  load_cfg:\n    energy: {entry}\n")
    refused = whence("tree", check=False)
    assert (refused.returncode, "eval.yml:3:" in refused.stderr) == (2, True)
    assert "`whence tree runs/space --guess` loads files by their endings" in refused.stderr
    done = whence("tree", "runs/space", "--guess", "--write", "other.yml")
    assert "ParamSpaceGroup, 2 members" in done.stdout
    assert "ParamSpaceGroup, 2 members" in whence("tree", "--config", "other.yml").stdout
    assert "`--write FILE` writes it down" in whence("tree", "--guess").stderr
    asked = whence("tree", "--config", "eval.yml", check=False)
    assert asked.returncode == 2
    assert "--guess" not in asked.stderr
    both = whence("tree", "--config", "eval.yml", "--guess", check=False)
    assert "two ways to load" in both.stderr


def test_the_tree_of_one_run(whence):
    swept(whence)
    (point, *_) = [run for run in whence.json("list") if run["kind"] != "sweep"]
    assert "position.npy" in whence("tree", point["id"]).stdout
    whence("run", "--name", "mine", "--output", "o.txt", "--", sys.executable, "-c",
           "open('o.txt', 'w').write('x')")  # fmt: skip
    told = whence.json("tree", "mine")
    assert [member["name"] for member in told["members"]] == ["o.txt"]
    (whence.cwd / "o.txt").unlink()
    assert "is where it was" in whence("tree", "mine", check=False).stderr


def test_the_file_of_a_plot_function_is_code_of_its_figure(whence):
    swept(whence)
    whence("tree", "--write", "eval.yml")
    (whence.cwd / "draw.py").write_text(
        "from beside import COLOUR\n\n\n"
        "def draw(*, data, hlpr):\n    hlpr.ax.plot(data['position'], color=COLOUR)\n"
    )
    (whence.cwd / "beside.py").write_text("COLOUR = 'k'\n")
    (whence.cwd / "plots.yml").write_text(
        "mine:\n  creator: universe\n  universes: first\n  module_file: draw.py\n"
        "  plot_func: draw\n  use_dag: true\n  select: {position: position}\n"
    )
    (figure,) = whence.json("plot")["figures"]
    told = whence.json("lineage", figure["path"])
    code = {member["name"] for member in told["members"] if member["kind"] == "code"}
    assert code == {"draw.py", "beside.py", "simulate.py"}


def test_a_missing_entry_is_told_in_words_alone(whence):
    (whence.cwd / "data").mkdir()
    load = "b: {loader: numpy, glob_str: 'no*.npx'}"
    (whence.cwd / "eval.yml").write_text(f"data_manager:\n  load_cfg:\n    {load}\n")
    done = whence("tree", "data", "--config", "eval.yml")
    assert done.stderr.startswith("whence: entry 'b': nothing matches 'no*.npx' in ")
    assert len(done.stderr.splitlines()) == 1

"""The tutorial's own code, with nothing but its import lines changed."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from whence.testing.seed import Seed

GENERATION = ("step_0", "step_1", "step_2", "step_3")
LOADING = ("step_4", "step_5", "step_7", "access", "step_8")
PLOTTING = ("step_9", "step_10", "step_11")


def with_our_imports(code):
    """Every import of `dantro` or `paramspace` becomes one of `whence.compat`."""
    names = "|".join(("dantro", "paramspace"))
    code = re.sub(rf"^import ({names}) as", r"from whence.compat import \1 as", code, flags=re.M)
    return re.sub(rf"^(import|from) ({names})\b", r"\1 whence.compat.\2", code, flags=re.M)


@pytest.fixture(scope="module")
def seed():
    found = Seed.find(Path(__file__).parents[2])
    if found is None:
        pytest.skip("the seed documents are not beside the repository (../shared/seeds)")
    return found


@pytest.fixture(scope="module")
def pipeline(seed, tmp_path_factory):
    """Runs steps in one namespace, one after another, and gives it and what they printed."""
    folder = tmp_path_factory.mktemp("pipeline")
    paths = {name: str(folder / f"{name}.yml") for name in ("sim_cfg", "project_cfg", "plots_cfg")}
    Path(paths["sim_cfg"]).write_text(seed.part("sim_cfg"))
    Path(paths["project_cfg"]).write_text(seed.project_cfg())
    Path(paths["plots_cfg"]).write_text(seed.part("plots") + "\n" + seed.part("more_plots"))
    scope = {"__name__": "pipeline"}
    printed = {}

    def run(*names):
        for name in names:
            if name in printed:
                continue
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(with_our_imports(seed.part(name)), name, "exec"), scope)
            printed[name] = out.getvalue()
            if name == "step_0":  # the paths that it defines are placeholders
                scope.update({f"{key}_path": path for key, path in paths.items()})
                scope["base_out_path"] = str(folder)
        return scope, printed

    run("generator")
    return run


def test_generating(pipeline):
    scope, printed = pipeline(*GENERATION)
    assert printed["step_3"].count("Done.") == 30
    folder = Path(scope["sim_out_dir"])
    names = sorted(path.name for path in folder.glob("sim_*"))
    assert (names[0], names[-1], len(names)) == ("sim_12", "sim_43", 30)
    assert sorted(p.name for p in (folder / "sim_12").iterdir()) == [
        "data.h5",
        "params.yml",
        "sim.log",
    ]


def test_loading(pipeline):
    scope, printed = pipeline(*GENERATION, *LOADING)
    assert "ParamSpaceGroup, 0 members, 0 attributes" in printed["step_5"]
    assert "ParamSpaceGroup, 30 members, 1 attribute" in printed["step_7"]
    lines = printed["access"].splitlines()
    assert len(lines) == 30
    assert lines[0] == "In simulation '12', agents got extinct after 30 / 100 iterations."
    assert isinstance(scope["dm"]["simulations"].pspace, type(scope["pspace"]))
    assert scope["dm"]["simulations"].pspace == scope["pspace"]


def test_plotting(pipeline):
    scope, _ = pipeline(*GENERATION, *LOADING, *PLOTTING)
    out = scope["dm"].dirs["out"]
    names = sorted(path.name for path in out.rglob("*.pdf"))
    assert len(names) == 32
    assert "mean_random_walk.pdf" in names
    assert "abm_mean_energy.pdf" in names
    assert "12__max_step_size_0.1__seed_0.pdf" in names

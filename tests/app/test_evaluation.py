"""Figures on record: what is registered when some cannot be drawn."""

import numpy as np
import pytest

from whence.app import Workspace
from whence.app.evaluation import EvaluationRequest, evaluate
from whence.store import Store

CONFIG = """\
[evaluation]
data = "data"
config = "eval.yml"
plots = "plots.yml"
"""
EVAL = """\
data_manager:
  out_dir: "eval/{timestamp:}"
  load_cfg:
    walk: {loader: hdf5, glob_str: "*.h5"}
plot_manager: {out_dir: ""}
"""
PLOTS = """\
good:
  creator: pyplot
  module: .generic
  plot_func: facet_grid
  kind: line
  x: dim_0
  select:
    data: walk/walk/y
bad:
  based_on: good
  hue: sed
"""


@pytest.fixture
def drawing(project):
    h5py = pytest.importorskip("h5py")
    (project / "whence.toml").write_text(CONFIG)
    (project / "eval.yml").write_text(EVAL)
    (project / "plots.yml").write_text(PLOTS)
    (project / "data").mkdir()
    with h5py.File(project / "data/walk.h5", "w") as file:
        file["y"] = np.arange(5.0)
    store = Store.create(project)
    return Workspace(store.project, store)


def test_where_a_figure_fails_the_others_are_on_record_with_what_they_were_made_from(drawing):
    result = evaluate(drawing, EvaluationRequest())
    assert [figure.path.name for figure in result.failed] == ["bad.pdf"]
    state = drawing.store.index().state(result.run)
    assert (state["kind"], state["status"]) == ("evaluation", "failed")
    assert state["ended"] is not None
    held = {(a["category"], a["name"]) for a in state["artifacts"]}
    assert {("output", "good.pdf"), ("output", "good.pdf.recipe"), ("input", "data/walk.h5"),
            ("input", "plots.yml"), ("input", "eval.yml")} <= held  # fmt: skip
    assert not any(name.startswith("bad.pdf") for _, name in held)


def test_drawing_that_is_interrupted_leaves_on_record_what_was_drawn(drawing):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(drawing, EvaluationRequest(), progress=interrupt)
    (run,) = drawing.store.index().ids("evaluation")
    state = drawing.store.index().state(run)
    assert state["status"] == "terminated"
    assert {a["name"] for a in state["artifacts"]} >= {"plots.yml", "eval.yml"}

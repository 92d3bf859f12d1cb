"""Every call that the document on finding records shows, as spelled there and in its order."""

import datetime as dt
import inspect
import sys
import types
from pathlib import Path

import pandas as pd
import pytest

from whence.compat import smttask
from whence.store import Store
from whence.testing.history import LABELLED, MU, history

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"

# What is written in the document, in its order; `...` stands for a condition it leaves open.
IMPORTS = """import smttask
import smttask.utils
from tqdm.auto import tqdm
from mackelab_toolbox.meta import print_api
from smttask.param_utils import dfdiff, ParameterComparison
"""
VIEW = 'rsview = smttask.RecordStoreView().filter.tags("finished")'
RANGE = """records = (rsview.filter.after(20200912)
                 .filter.before(20200916)
          ).list"""
FILTERS = """for fltr in rsview.filter.registered_filters.values():
    print_api(fltr)"""
PARAMS = """rsview.filter.params(
    eq={'optimizer.model.params.μtilde': [-3.4729471730413772, -0.13678844546243388]}
).summary"""
FULL_KEY = """rsview['20201119-090726_a8a2b0'].parameters[
    'inputs.optimizer.inputs.model.inputs.params.μtilde']"""
CUSTOM = "records = rsview.filter.output().filter(lambda rec: rec.duration > 10*60*60).list"
REASONS = """for rec, _ in zip(records, range(4)):
    print(f"----- {rec.label} -------")
    print("\\n".join(rec.reason))
    print("")"""
FOLDED = """records = rsview.filter.on(20201110).list
cmp = ParameterComparison(params=[smttask.utils.fold_task_inputs(rec.parameters)
                                  for rec in records],
                          labels=[rec.label for rec in records])
cmp.dataframe(depth=1)"""
FROM_TASK = """smttask.utils.get_task_param(smttask.Task.from_desc(records.latest.parameters),  # Task
                             'optimizer.model.params.μtilde').get_value()"""  # noqa: E501
FROM_SET = """smttask.utils.get_task_param(records.latest.parameters,                          # ParameterSet
                             'optimizer.model.params.μtilde')"""  # noqa: E501


def print_api(function):
    """As in mackelab_toolbox: the signature and the documentation."""
    print(function.__name__, inspect.signature(function))
    print(inspect.getdoc(function))


class Notebook:
    """The document, run cell by cell: each cell must stand in it after the one before."""

    def __init__(self, text):
        self.text, self.place, self.names = text, 0, {}

    def __call__(self, cell):
        place = self.text.find(cell.rstrip("\n"), self.place)
        assert place >= 0, f"not in the document from here on: {cell}"
        self.place = place + len(cell.rstrip("\n"))
        return self.own(cell)

    def seek(self, words):
        """Go to words of the text, which must stand after what was run before."""
        self.place = self.text.find(words, self.place)
        assert self.place >= 0, f"not in the document from here on: {words}"

    def own(self, cell):
        """Run a cell that the document only hints at."""
        *before, last = cell.rstrip("\n").split("\n")
        try:
            code = compile(cell.strip(), "<cell>", "eval")
        except SyntaxError:
            exec(compile(cell, "<cell>", "exec"), self.names)
            try:
                return eval(last, self.names) if before and last[:1].isalpha() else None
            except SyntaxError:
                return None
        return eval(code, self.names)


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    found = sorted(SEEDS.glob("004_*.txt"))
    if not found:
        pytest.skip("the document is not beside this repository, in ../shared/seeds")
    monkeypatch.setenv("WHENCE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    store = Store.create(tmp_path)
    history(store)
    tqdm, toolbox = types.ModuleType("tqdm.auto"), types.ModuleType("mackelab_toolbox.meta")
    tqdm.tqdm, toolbox.print_api = iter, print_api
    for name, module in {
        "smttask": smttask,
        "smttask.utils": smttask.utils,
        "smttask.param_utils": smttask.param_utils,
        "tqdm": types.ModuleType("tqdm"),
        "tqdm.auto": tqdm,
        "mackelab_toolbox": types.ModuleType("mackelab_toolbox"),
        "mackelab_toolbox.meta": toolbox,
    }.items():
        monkeypatch.setitem(sys.modules, name, module)
    yield Notebook(found[0].read_text())
    store.writer().close()


def test_every_call_of_the_document(notebook, capsys):
    notebook(IMPORTS)
    notebook(VIEW)
    rsview = notebook.names["rsview"]
    assert {record.status for record in rsview} == {"completed"}
    finished = len(rsview)
    assert 100 < finished < 305
    assert notebook("rsview.list;"[:-1]) is rsview

    merged = rsview.summary.merged
    notebook.seek("unmerged (property)")
    assert len(merged.unmerged) == len(rsview) >= len(merged)
    notebook.seek("head(nrows)")
    assert list(merged.head(4).dataframe().index) == list(merged.dataframe().index[:4])
    shown = notebook("rsview.summary.merged.tail(15)")
    assert len(shown) == 15
    frame = shown.dataframe()
    assert list(frame.columns) == ["# records", "reason", "outcome", "tags", "main_file",
                                   "avg\n. duration"]  # fmt: skip
    assert list(frame.index) == sorted(frame.index, reverse=True)
    assert shown._repr_html_().startswith("<table")

    notebook.seek(".earliest")
    assert rsview.earliest.timestamp == min(record.timestamp for record in rsview)
    latest = notebook("rsview.latest")
    assert latest.timestamp == max(record.timestamp for record in rsview)
    one = notebook("rsview.get('20201118-212254_c2c6ab')")
    assert one.label == LABELLED[0]
    two = notebook("rsview.get(['20201118-212254_c2c6ab', '20201119-095543_8b5fc1'])")
    assert [record.label for record in two] == list(LABELLED[:2])
    assert notebook("rsview['20201118-212254_c2c6ab']") == one
    assert notebook("rsview[0]") == rsview.aslist()[0]
    sumatra_interface(notebook, rsview)

    tagged = rsview.filter.on(20201110)
    tagged.add_tag("figure1")  # rsview.filter.[date/version/parameter conditions]
    assert rsview.filter.tag("figure1").labels() == tagged.labels()

    notebook(RANGE)
    records = notebook.names["records"]
    days = {record.timestamp.date() for record in records}
    assert days
    assert days <= {dt.date(2020, 9, day) for day in (12, 13, 14, 15)}
    assert len(notebook("records.summary")) == len(records)
    notebook(FILTERS)
    printed = capsys.readouterr().out
    assert {"params", "before", "tags_or", "generic_filter"} <= set(printed.split())
    parameters_and_comparison(notebook, rsview, capsys)


def sumatra_interface(notebook, rsview):
    for call in (".aslist()", ".labels()", ".most_recent()", ".export(indent=2)"):
        notebook_text = notebook.text[notebook.place :]
        assert call in notebook_text
    assert rsview.most_recent() == rsview.latest.label
    assert len(rsview.labels()) == len(rsview.aslist()) == rsview.export(indent=2).count('"id"')
    assert LABELLED[0] in rsview.labels()
    assert rsview.export_records(rsview.aslist()[:2], indent=2).count('"id"') == 2


def parameters_and_comparison(notebook, rsview, capsys):
    some = notebook(PARAMS)
    assert len(some) >= 2
    assert all(record.get_param("optimizer.model.params.μtilde") == MU
               for records in some.values() for record in records)  # fmt: skip
    assert notebook(FULL_KEY) == MU

    notebook("rsview2 = smttask.RecordStoreView()")
    killed = notebook("rsview2.filter.tags('killed').filter.label('202011').list")
    other = notebook("rsview2.filter.label('202011').filter.tags('killed').list")
    assert killed.labels() == other.labels() != []
    assert {record.status for record in killed} == {"terminated"}

    notebook.seek("rsview.filter.generic_filter(...) are semantically equivalent")
    long = rsview.filter.generic_filter(lambda rec: rec.duration > 10 * 60 * 60)
    assert long.labels() == rsview.filter(lambda rec: rec.duration > 10 * 60 * 60).labels() != []
    notebook(CUSTOM)
    records = notebook.names["records"]
    assert len(records) > 10
    assert all(record.duration > 36000 and record.outputpaths for record in records)
    notebook("records.summary")

    notebook("record1 = rsview.get('20201119-075320_7b84e7')")
    notebook("record2 = rsview.get('20201119-042150_e177c4')")
    notebook("params1 = record1.parameters\nparams2 = record2.parameters")
    assert "μtilde" in notebook("params1.pretty()")
    difference = notebook("dfdiff(params1, params2)")
    assert isinstance(difference, pd.DataFrame)
    below = notebook("dfdiff(params1, params2).sort_index().loc[('inputs','optimizer','model')]")
    assert "μtilde" in str(below)

    notebook("cmp = ParameterComparison(rsview.filter.on(20201110))")
    folded = notebook("cmp.dataframe()")
    assert len(folded) == len(rsview.filter.on(20201110)) == 12
    assert "<+>" in set(folded["optimizer"])
    deeper = notebook("cmp.dataframe(depth=2).drop(columns=['reason'])")
    assert "optimizer.lr" in deeper
    notebook(REASONS)
    assert capsys.readouterr().out.count("With the second model.") == 4

    assert len(notebook(FOLDED)) == 12
    by_hand = notebook("smttask.utils.get_task_param(records.latest, "
                       "'optimizer.model.params.μtilde')")  # fmt: skip
    assert by_hand == notebook(FROM_SET)
    assert list(notebook(FROM_TASK)) == by_hand

"""What an error shows where IPython asks it, which no test environment needs to have."""

import linecache
import sys

import pytest

from whence import RecordStoreView
from whence.base.error import UserError


def in_a_cell(code, names):
    """Runs code as a notebook does: from lines that are no file."""
    file = "/tmp/ipykernel_77/123.py"
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    exec(compile(code, file, "exec"), {"__name__": "__main__", **names})


def test_a_notebook_shows_the_line_of_the_reader_and_no_line_of_whence(store):
    code = "view = RecordStoreView(store)\nview.filter.nam('heat')\n"
    with pytest.raises(UserError) as refused:
        in_a_cell(code, {"RecordStoreView": RecordStoreView, "store": store})
    refused.value.__traceback__ = refused.value.__traceback__.tb_next.tb_next  # of this test
    assert refused.value._render_traceback_() == [
        "this notebook, line 2\n    view.filter.nam('heat')\n",
        "UnknownFilter: there is no filter 'nam'\n  Did you mean 'name'?",
    ]


def test_functions_of_the_reader_are_told_where_they_are(store, project, monkeypatch):
    (project / "mine.py").write_text("def kept(record):\n    return record.get_param(3)\n")
    monkeypatch.syspath_prepend(project)
    import mine

    store.writer().append("set", "20261121T021757abcdefg", {"f": {"kind": "run"}})
    with pytest.raises(UserError) as refused:
        list(RecordStoreView(store).filter(mine.kept))
    *places, told = refused.value._render_traceback_()
    assert places[-1] == f"{project}/mine.py, line 2, in kept\n    return record.get_param(3)\n"
    assert not any("whence/" in place.partition(",")[0] for place in places[1:])
    assert told.startswith("UserError: ")
    del sys.modules["mine"]

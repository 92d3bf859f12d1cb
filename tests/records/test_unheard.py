"""An empty view says what it asks for that no run has."""

import pytest

from whence.records import RecordStoreView
from whence.store import Store


@pytest.fixture(scope="module")
def view(tmp_path_factory):
    store = Store.create(tmp_path_factory.mktemp("store"))
    for number in range(3):
        folder = {"folder": "/melt/deep"} if number else {}
        facts = {
            "params": {"model": {"alpha": number}},
            "created": 1e9,
            "status": "completed",
            **folder,
        }
        run = f"20260101T0000{number:02}abcdefg"
        store.writer().append("set", run, {"f": facts})
        store.writer().append("meta", run, {"m": {"result": {"energy": number}}})
        store.writer().append("tags", run, {"add": ["heat"], "remove": []})
    yield RecordStoreView(store)
    store.writer().close()


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda v: v.filter.params({"model.alpa": 1}), "parameter 'model.alpa'. Did you mean"),
        (lambda v: v.filter("params.model.alpa == 1"), "parameter 'model.alpa'. Did you mean"),
        (lambda v: v.filter("params.model.alpa == x"), "parameter 'model.alpa'. Did you mean"),
        (lambda v: v.filter("nonsense > 3"), "parameter or metadata 'nonsense'."),
        (lambda v: v.filter.metadata({"result.enrgy": 1}), "Did you mean 'result.energy'?"),
        (
            lambda v: v.filter.tags("haet"),
            "No run on record has a tag 'haet'. Did you mean 'heat'?",
        ),
        (lambda v: v.filter.tags("heat").filter.tags("hot"), "a tag 'hot'."),
        (
            lambda v: v.filter("/metl"),
            "No run on record is in folder '/metl'. Did you mean '/melt'?",
        ),
        (lambda v: v.filter.folder("melt/deeper"), "is in folder '/melt/deeper'. Did you mean"),
    ],
)
def test_what_no_run_has_is_told(view, ask, told):
    empty = ask(view)
    assert len(empty) == 0
    assert told in repr(empty)
    assert told.replace("'", "&#x27;") in empty._repr_html_()


def test_what_some_run_has_is_no_reason(view):
    for empty in (
        view.filter("model.alpha > 9"),  # which no run has as metadata
        view.filter("model.alpha == x"),
        view.filter("/").filter("model.alpha > 9"),
        view.filter("/melt").filter("model.alpha > 9"),
        view.filter.tags("heat").filter.name("nobody"),
        view.filter(lambda record: False),
    ):
        assert repr(empty).endswith(f"{empty.store.root}>")
    assert "No run" not in repr(view.filter.any_of("model.alpha == 1", "has tag.nope"))

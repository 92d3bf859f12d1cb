import pytest

from whence.app import Workspace
from whence.runs import Run
from whence.store import Store


@pytest.fixture
def workspace(project):
    store = Store.create(project)
    return Workspace(store.project, store)


@pytest.fixture
def record(workspace):
    """Makes a completed run; gives its id."""

    def make(name=None, parameters=None, files=(), metrics=(), **more):
        with Run(workspace.store) as run:
            run.init(name, parameters=parameters or {}, **more)
            for category, path in files:
                run.save_file(path, category)
            for values in metrics:
                run.log_metrics(values)
        return run.id

    return make

import pytest

from whence.records import Lineage, Records
from whence.runs import Run
from whence.store import Store


class Project:
    """A project folder: runs that take files in and put files out, told in one line each."""

    def __init__(self, folder):
        self.folder = folder
        self.store = Store.create(folder)

    def file(self, name, text=None):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            path.write_text(text)
        return path

    def run(self, name, takes=(), puts=(), code=(), **init):
        with Run(self.store) as run:
            run.init(name, **init)
            for category, names in (("code", code), ("input", takes), ("output", puts)):
                for given in names:
                    path = self.file(given)
                    if not path.exists():
                        path.write_text(given)
                    run.save_file(path, category)
        return run.id

    def digest(self, name):
        return self.store.digest_of(self.folder / name)

    def lineage(self, *roots, **depth):
        return Lineage(Records(self.store), roots, content=self.store.get, **depth)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # out of the repository, whose state would be on record too
    made = Project(tmp_path / "project")
    yield made
    made.store.writer().close()

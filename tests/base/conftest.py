import importlib
import sys
import textwrap

import pytest


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Imports a module of that text, in the place of any earlier one."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def make(text, name="written"):
        path = tmp_path / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
        for known in [known for known in sys.modules if known.partition(".")[0] == name]:
            del sys.modules[known]
        importlib.invalidate_caches()
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        made.append(name)
        return importlib.import_module(name)

    yield make
    for name in made:
        sys.modules.pop(name, None)

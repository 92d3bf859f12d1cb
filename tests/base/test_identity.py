import functools
import importlib
import linecache
import os
import subprocess
import sys
import textwrap

import pytest

from whence.base.code import code_digest, identity_of

SOURCE = """
import math
import {name}_other as other

FACTOR = 2

def inner(x):
    return x + FACTOR

class Scale:
    def __call__(self, x):
        return inner(x)

def plain(x, y=3):
    return Scale()(x) + y + math.pi + other.shift(x)

def lazy(x):
    from {name}_other import shift
    return shift(x)

def even(n):
    return n == 0 or odd(n - 1)

def odd(n):
    return n != 0 and even(n - 1)

def unrelated():
    return 1
"""
OTHER = """
STEP = 1

def shift(x):
    return x + STEP
"""
count = 0


@pytest.fixture
def digests(tmp_path, monkeypatch):
    """Digests of the functions of a module, after edits of it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(*edits):
        global count
        count += 1
        name = "edited"  # modules are told apart by path only where their code does not
        source, other = textwrap.dedent(SOURCE).format(name=name), OTHER
        for old, new in edits:
            assert old in source + other
            source, other = source.replace(old, new), other.replace(old, new)
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / f"{name}.py").write_text(source)
        (folder / f"{name}_other.py").write_text(other)
        for module in (name, f"{name}_other"):
            sys.modules.pop(module, None)
        monkeypatch.syspath_prepend(str(folder))
        importlib.invalidate_caches()
        module = importlib.import_module(name)
        return {f: code_digest(getattr(module, f)) for f in ("plain", "lazy", "even", "unrelated")}

    yield make
    for module in ("edited", "edited_other"):
        sys.modules.pop(module, None)


@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        (("y=3", "y=4"), {"plain"}),
        (("FACTOR = 2", "FACTOR = 3"), {"plain"}),
        (("return x + FACTOR", "return x - FACTOR"), {"plain"}),
        (("return inner(x)", "return 2 * inner(x)"), {"plain"}),
        (("return x + STEP", "return x * STEP"), {"plain", "lazy"}),
        (("return n != 0 and", "return n > 0 and"), {"even"}),
        (("return 1", "return 2"), {"unrelated"}),
    ],
)
def test_an_edit_changes_what_depends_on_it(digests, edit, changed):
    before, after = digests(), digests(edit)
    assert {name for name in before if before[name] != after[name]} == changed


def test_the_same_code_has_the_same_digest(digests):
    assert digests() == digests()


def test_closures_defaults_and_partials_count():
    def make(n):
        return lambda x: x + n

    assert code_digest(make(1)) == code_digest(make(1))
    assert code_digest(make(1)) != code_digest(make(2))
    assert code_digest(functools.partial(make, 1)) != code_digest(functools.partial(make, 2))
    first, second = object(), object()  # sentinels are alike

    def with_default(x, marker):
        def inner(y=marker):
            return x

        return inner

    assert code_digest(with_default(1, first)) == code_digest(with_default(1, second))


def test_what_cannot_be_identified_is_never_taken_for_the_same(tmp_path):
    with (tmp_path / "x").open("w") as file:

        def write(x):
            return file.write(x)

        assert code_digest(write) != code_digest(write)


def test_objects_count_with_their_state():
    class Power:
        def __init__(self, n):
            self.n = n

        def __call__(self, x):
            return x**self.n

    assert code_digest(Power(2)) == code_digest(Power(2))
    assert code_digest(Power(2)) != code_digest(Power(3))


def test_libraries_count_by_version():
    import numpy as np

    assert code_digest(np.mean) != code_digest(np.median)
    assert code_digest(len) == code_digest(len)
    assert code_digest(np.add) == code_digest(np.add)


def test_digests_do_not_depend_on_the_process():
    code = (
        "from whence.base.code import code_digest; from whence.transform.arithmetic import"
        " expression, where; print(code_digest(expression), code_digest(where))"
    )
    outs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outs) == 1


VALUES = [
    ("VALUE = [1, 2]", "VALUE = [1, 3]"),
    ("VALUE = {'a': {'b': 1}}", "VALUE = {'a': {'b': 2}}"),
    ("import re; VALUE = re.compile('a')", "import re; VALUE = re.compile('b')"),
    ("import numpy as np; VALUE = np.arange(3)", "import numpy as np; VALUE = np.arange(4)"),
    (
        "import numpy as np; VALUE = np.ma.array([1, 2], mask=[0, 1])",
        "import numpy as np; VALUE = np.ma.array([1, 2], mask=[1, 0])",
    ),
    (
        "import pandas as pd; VALUE = pd.DataFrame({'a': [1, 2]})",
        "import pandas as pd; VALUE = pd.DataFrame({'a': [1, 3]})",
    ),
    (
        "import xarray as xr; VALUE = xr.DataArray([1, 2], dims='x')",
        "import xarray as xr; VALUE = xr.DataArray([1, 2], dims='y')",
    ),
    (
        "from dataclasses import dataclass\n@dataclass(frozen=True, slots=True)\n"
        "class P:\n    x: int\nVALUE = P(1)",
        "from dataclasses import dataclass\n@dataclass(frozen=True, slots=True)\n"
        "class P:\n    x: int\nVALUE = P(2)",
    ),
    (
        "class A:\n    @staticmethod\n    def f(x): return x\nVALUE = A.f",
        "class A:\n    @staticmethod\n    def f(x): return -x\nVALUE = A.f",
    ),
    (
        "class A:\n    @classmethod\n    def f(cls): return cls.rate\n    rate = 1\nVALUE = A",
        "class A:\n    @classmethod\n    def f(cls): return cls.rate\n    rate = 2\nVALUE = A",
    ),
    (
        "class A:\n    @property\n    def f(self): return 1\nVALUE = A()",
        "class A:\n    @property\n    def f(self): return 2\nVALUE = A()",
    ),
    (
        "from functools import lru_cache\n@lru_cache\ndef VALUE(x): return x",
        "from functools import lru_cache\n@lru_cache\ndef VALUE(x): return -x",
    ),
    (
        "from contextlib import contextmanager\n@contextmanager\ndef VALUE(): yield 1",
        "from contextlib import contextmanager\n@contextmanager\ndef VALUE(): yield 2",
    ),
    (
        "from collections import defaultdict\ndef g(): return 1\nVALUE = defaultdict(g)",
        "from collections import defaultdict\ndef g(): return 2\nVALUE = defaultdict(g)",
    ),
    (
        "from functools import partial\ndef g(x): return x\nVALUE = {'g': partial(g, x=1)}",
        "from functools import partial\ndef g(x): return x\nVALUE = {'g': partial(g, x=2)}",
    ),
    (
        "from enum import Enum\nclass E(Enum):\n    A = 1\nVALUE = E.A",
        "from enum import Enum\nclass E(Enum):\n    A = 2\nVALUE = E.A",
    ),
    (
        "class D(dict):\n    def f(self): return 1\nVALUE = D(a=1)",
        "class D(dict):\n    def f(self): return 1\nVALUE = D(a=2)",
    ),
    (
        "import numpy as np\nclass G(np.ndarray):\n    pass\nVALUE = np.arange(3).view(G)",
        "import numpy as np\nclass G(np.ndarray):\n    pass\nVALUE = np.arange(4).view(G)",
    ),
    (
        "import abc\nclass A(abc.ABC):\n    def f(self): return 1\nVALUE = A",
        "import abc\nclass A(abc.ABC):\n    def f(self): return 2\nVALUE = A",
    ),
    (
        "import functools\n@functools.singledispatch\ndef VALUE(x): return x\n"
        "@VALUE.register\ndef _(x: int): return 1",
        "import functools\n@functools.singledispatch\ndef VALUE(x): return x\n"
        "@VALUE.register\ndef _(x: int): return 2",
    ),
    (
        "from contextvars import ContextVar\nVALUE = ContextVar('a', default=1)",
        "from contextvars import ContextVar\nVALUE = ContextVar('a', default=2)",
    ),
    (
        "import xarray as xr; VALUE = xr.Dataset({'a': ('x', [1, 2])})",
        "import xarray as xr; VALUE = xr.Dataset({'a': ('x', [1, 3])})",
    ),
    (
        "import pydantic\nclass VALUE(pydantic.BaseModel):\n    x: int = 1",
        "import pydantic\nclass VALUE(pydantic.BaseModel):\n    x: int = 2",
    ),
    ("VALUE = [1].__getitem__", "VALUE = [2].__getitem__"),
    ("VALUE = 1\nimport numpy as np\nnp.seterr(over='warn')",
     "VALUE = 1\nimport numpy as np\nnp.seterr(over='ignore')"),
    ("VALUE = 1\ndef make(x): return x", "VALUE = 1\ndef make(x, y=2): return x"),
    ("VALUE = {'a': 1, 'b': 2}", "VALUE = {'b': 2, 'a': 1}"),
    ("VALUE = [{'a': 1, 'b': 2}]", "VALUE = [{'b': 2, 'a': 1}]"),
    ("VALUE = 1\nimport sys\n_ = sys.intern('a')", "VALUE = 1\nimport sys\n_ = sys.intern('b')"),
    (
        "import functools\ndef h(self, x): return x\n"
        "class C:\n    __call__ = functools.partialmethod(h)\nVALUE = C()",
        "import functools\ndef h(self, x): return -x\n"
        "class C:\n    __call__ = functools.partialmethod(h)\nVALUE = C()",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), VALUES)
def test_a_global_counts_by_what_it_is(module, one, other):
    function = "\ndef use(x):\n    return make(x), VALUE\n"
    rest = "" if "def make" in one else "def make(x):\n    return x\n"
    first = identity_of(module(one + "\n" + rest + function).use)
    again = identity_of(module(one + "\n" + rest + function).use)
    changed = identity_of(module(other + "\n" + rest + function).use)
    assert first == again
    assert first.unknown == ()
    assert first.digest != changed.digest


WRAPPED = """
import functools

def twice(function):
    @functools.wraps(function)
    def wrapper(x):
        return 2 * function(x)
    return wrapper

@twice
def f(x):
    return x + 1
"""


@pytest.mark.parametrize("edit", [("2 *", "3 *"), ("x + 1", "x + 2")])
def test_a_wrapper_counts_with_what_it_wraps(module, edit):
    before = code_digest(module(WRAPPED).f)
    assert code_digest(module(WRAPPED).f) == before
    assert code_digest(module(WRAPPED.replace(*edit)).f) != before


@pytest.mark.parametrize(
    "use",
    [
        "import pk.deep.law\ndef use(x):\n    return pk.deep.law.rate(x)\n",
        "import pk.deep as d\ndef use(x):\n    return d.law.rate(x)\n",
        "def use(x):\n    from pk.deep import law\n    return law.rate(x)\n",
        "def use(x):\n    import pk.deep.law as law\n    return law.rate(x)\n",
        "from pk.deep import law\ndef use(x):\n    return getattr(law, 'ra' + 'te')(x)\n",
        "import sys\nfrom pk.deep import law\ndef use(x):\n"
        "    return sys.modules['pk.deep.law'].rate(x)\n",
        "import pk.lazy\ndef use(x):\n    return pk.lazy.rate(x)\n",
        "import importlib\ndef use(x):\n"
        "    return importlib.import_module('pk.deep.law').rate(x)\n",
        "def use(x):\n    from importlib import import_module\n"
        "    return import_module('pk.deep.law').rate(x)\n",
        "from pk.deep import law\ndef on(m, x):\n    return m.rate(x)\n"
        "def use(x):\n    return on(law, x)\n",
    ],
)
def test_functions_of_modules_inside_of_packages_count(module, tmp_path, use):
    found = []
    for factor in (2, 2, 3):
        law = tmp_path / "pk" / "deep" / "law.py"
        law.parent.mkdir(parents=True, exist_ok=True)
        law.with_name("__init__.py").write_text("from pk.deep import law\n")
        law.parent.with_name("__init__.py").write_text("")
        law.parent.with_name("lazy.py").write_text(
            "def __getattr__(name):\n    from pk.deep import law\n    return getattr(law, name)\n"
        )
        law.write_text(f"def rate(x):\n    return {factor} * x\n")
        for known in [known for known in sys.modules if known.partition(".")[0] == "pk"]:
            del sys.modules[known]
        found.append(code_digest(module(use).use))
    for known in [known for known in sys.modules if known.partition(".")[0] == "pk"]:
        del sys.modules[known]
    assert found[0] == found[1] != found[2]


def test_code_that_was_edited_after_its_import_is_known_as_what_runs(module, tmp_path):
    first = "def f(x):\n    return g(x)\n\ndef g(x):\n    return x + 1\n"
    old = module(first)
    before = identity_of(old.f)
    (tmp_path / "written.py").write_text(first.replace("x + 1", "x + 2"))
    running = identity_of(old.f)
    assert running.edited == ("written.g",)
    assert running == identity_of(old.f)
    fresh = identity_of(module(first.replace("x + 1", "x + 2")).f)
    assert fresh.edited == before.edited == ()
    assert before.digest == running.digest != fresh.digest
    (tmp_path / "written.py").write_text("import os\n\n\n# moved\n" + first)
    assert identity_of(old.f) == before  # it only moved, and got a comment


def test_a_cell_of_a_notebook_is_known_by_its_text():
    def run(text, name):
        space = {"__name__": "__main__"}
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        exec(compile(text, name, "exec"), space)
        return identity_of(space["f"])

    one = run("def f(x):\n    return x + 1\n", "<cell 1>")
    assert one == run("y = 3\ndef f(x):  # again\n    return x + 1\n", "<cell 2>")
    assert one.digest != run("def f(x):\n    return x + 2\n", "<cell 3>").digest
    assert one.edited == ()


def test_a_global_that_is_put_anew_counts_at_once():
    space = {"__name__": "__main__", "RATE": 1}
    exec("def f(x):\n    return RATE * x\n", space)
    before = code_digest(space["f"])
    assert code_digest(space["f"]) == before
    space["RATE"] = 2
    assert code_digest(space["f"]) != before


def test_what_cannot_be_identified_is_named(tmp_path):
    with (tmp_path / "x").open("w") as file:
        space = {"__name__": "__main__", "log": file}
        exec("def f(x):\n    return log.write(x)\n", space)
        assert identity_of(space["f"]).unknown == ("f: log",)


def test_libraries_that_a_function_imports_late_count_by_version(tmp_path):
    (tmp_path / "late.py").write_text(
        "from whence.base.code import identity_of\n"
        "def f(x):\n    import pandas as pd\n    return pd.Series(x)\n"
        "print(identity_of(f).digest)\nimport sys\nassert 'pandas' not in sys.modules\n"
        "import pandas\nprint(identity_of(f).digest)\n"
    )
    command = [sys.executable, "-B", str(tmp_path / "late.py")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert told[0] == told[1]


def test_a_long_chain_and_a_circle_of_objects_have_an_identity():
    lines = [f"def f{n}(x):\n    return f{n + 1}(x)\n" for n in range(1500)]
    space = {"__name__": "__main__", "knot": []}
    space["knot"].append(space["knot"])
    exec("".join(lines) + "def f1500(x):\n    return knot\n", space)
    assert identity_of(space["f0"]).unknown == ()


def test_values_are_known_in_another_process(tmp_path):
    lines = ["from whence.base.code import identity_of", "import threading"]
    for number, (text, _) in enumerate(VALUES):
        lines += [text.replace("VALUE", f"v{number}"), f"def f{number}():\n    return v{number}"]
    lines += ["import collections, types", "names = {'aa', 'bb', 'cc', 'dd'}"]
    lines += ["spaces = [types.SimpleNamespace(c=names), collections.deque([names])]"]
    lines += ["def spaced():\n    return spaces", "print(identity_of(spaced))"]
    lines += ["lock = threading.Lock()", "def locked():\n    return lock"]
    lines += ["from scipy.stats import norm", "def drawn():\n    return norm"]
    lines += [f"print(identity_of(f{n}))" for n in range(len(VALUES))]
    lines += ["print(identity_of(locked))", "print(identity_of(drawn))"]
    (tmp_path / "values.py").write_text("\n".join(lines))
    told = [
        subprocess.run(
            [sys.executable, "-B", str(tmp_path / "values.py")],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert "unknown=('" not in told[0]


def test_a_module_of_the_project_may_be_called_like_one_of_python(tmp_path):
    (tmp_path / "use.py").write_text(
        "import profile\nfrom whence.base.code import code_digest\n"
        "def f(x):\n    return profile.rho(x)\nprint(code_digest(f))\n"
    )
    told = []
    for factor in (2, 2, 3):
        (tmp_path / "profile.py").write_text(f"def rho(x):\n    return {factor} * x\n")
        command = [sys.executable, "-B", str(tmp_path / "use.py")]
        told.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert told[0] == told[1] != told[2]


def test_an_import_by_a_name_that_is_computed_is_never_the_same(module):
    text = "import importlib\ndef f(x):\n    return importlib.import_module(x).run()\n"
    identity = identity_of(module(text).f)
    assert identity.unknown == ("f: import_module",)
    assert identity != identity_of(module(text).f)


@pytest.mark.parametrize(
    "lines",
    [
        ["try:", "    from . import near", "except ImportError:", "    import near"],
        [*(f"x = a{n}" for n in range(300)), "from near import rate"],
        [*(f"x = {n}.5" for n in range(300)), "from near import rate"],
        ["import leaving"],
    ],
)
def test_no_way_of_importing_keeps_code_from_an_identity(module, tmp_path, lines):
    (tmp_path / "leaving.py").write_text("raise SystemExit(3)\n")
    found = []
    for factor in (2, 2, 3):
        near = module(f"def rate(x):\n    return {factor} * x\n", "near")
        text = "".join(f"    {line}\n" for line in lines)
        scope = "".join(f"a{n} = {n}\n" for n in range(300))
        use = module(f"{scope}def use(x):\n{text}    return near.rate(x), rate(x)\n")
        found.append(identity_of(use.use))
        assert near.rate(1) == factor
    assert found[0] == found[1]
    assert (found[0] != found[2]) == ("near" in text)


@pytest.mark.parametrize("use", ["import far", "from far import nothing", "import near"])
def test_what_imported_modules_do_to_others_counts(module, use):
    found = []
    for name in "aab":
        act = f"import sys\nsys.intern({name!r})\nnothing = None\n"
        module(act, "far")
        module("import far\n", "near")
        found.append(code_digest(module(f"{use}\ndef f(x):\n    return x / 3\n").f))
    assert found[0] == found[1] != found[2]


def identity_with(data):
    space = {"__name__": "__main__", "data": data}
    exec("def f(x):\n    return data.a * x\n", space)
    return identity_of(space["f"])


@pytest.mark.parametrize("kind", ["dataset", "variable", "zarr"])
def test_data_that_are_read_from_files_as_they_are_used_are_named(tmp_path, kind):
    import xarray as xr
    import zarr

    data = xr.Dataset({"a": ("x", [1.0, 2.0])})
    assert identity_with(data).unknown == ()
    data.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    if kind == "zarr":
        array = zarr.create_array(tmp_path / "a.zarr", data=data.a.to_numpy())
        assert identity_with([array]).unknown == ("f: data",)
        return
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as data:
        assert identity_with(data.a if kind == "variable" else data).unknown == ("f: data",)
        known = identity_with(data.load())
    again = identity_with(xr.load_dataset(tmp_path / "a.nc", engine="h5netcdf"))
    assert known.unknown == again.unknown == ()


class Restless:
    def __reduce__(self):
        return bytes, (os.urandom(16),)


def test_an_object_that_is_written_otherwise_each_time_is_named(monkeypatch):
    monkeypatch.setattr(Restless, "__module__", "numpy")
    assert identity_with(Restless()).unknown == ("f: data",)

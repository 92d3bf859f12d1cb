import os
import shutil
import sys

import pytest

from whence.base.digest import digest_file
from whence.runs import Code, code_of_command, code_of_function, code_of_script


@pytest.fixture
def tree(project):
    files = {
        "main.py": "import numpy, json\nimport physics.walk\nfrom helper import x\n",
        "helper.py": "x = 1\n",
        "unused.py": "",
        "physics/__init__.py": "",
        "physics/walk.py": "from . import step\nfrom ..main import nothing\n"
        "def late():\n    from physics.sub.deep import f\n",
        "physics/step.py": "import main\n",
        "physics/sub/deep.py": "import helper\n",
        "physics/other.py": "",
        "src/installed/__init__.py": "from .core import go\n",
        "src/installed/core.py": "",
        "uses.py": "import installed\n",
        "broken.py": "def (:\n",
        ".venv/lib/site-packages/foreign.py": "",
        "lib/far.py": "",
        "lib/deep/farther.py": "",
        "tools/adds.py": "import os, sys\n"
        "sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))\nimport far\n",
        "tools/adds_more.py": "import sys\nfrom pathlib import Path\nimport uses_far\n"
        "sys.path += [str(Path(__file__).parents[1] / 'lib' / 'deep'), 'lib']\n",
        "tools/uses_far.py": "import farther, far\n",
        "named.py": "import importlib\nimportlib.import_module('physics.other')\n",
        "inner_named.py": "def f():\n    return __import__('helper')\n",
        "plugins/main.py": "from importlib import import_module\n"
        "import_module('plug_' + input())\n",
        "run.sh": "python helper.py > out.txt\n. ./params.inc\n./solve 'x' <in.dat\n",
        "params.inc": "y=1\n",
        "in.dat": "",
        "out.txt": "",
        "solve": "#! /usr/bin/env bash\nsource run.sh; python -u plugins/../named.py\n",
        "venv_user.py": "import sys\n",
    }
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return project


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            "main.py",
            "helper.py main.py physics/__init__.py physics/step.py physics/sub/deep.py "
            "physics/walk.py",
        ),
        ("uses.py", "src/installed/__init__.py src/installed/core.py uses.py"),
        ("broken.py", "broken.py"),
        ("tools/adds.py", "lib/far.py tools/adds.py"),
        (
            "tools/adds_more.py",
            "lib/deep/farther.py lib/far.py tools/adds_more.py tools/uses_far.py",
        ),
        ("named.py", "named.py physics/__init__.py physics/other.py"),
        ("inner_named.py", "helper.py inner_named.py"),
        (
            "physics/walk.py",
            "helper.py main.py physics/__init__.py physics/step.py physics/sub/deep.py "
            "physics/walk.py",
        ),
    ],
)
def test_a_script_is_itself_and_what_it_imports_of_the_project(tree, script, expected):
    code = code_of_script(tree / script, tree)
    assert sorted(code.files) == expected.split()
    assert all(digest_file(tree / name) == digest for name, digest in code.files.items())


def test_a_module_of_a_computed_name_may_be_any_of_the_project(tree):
    found = code_of_script(tree / "plugins/main.py", tree).files
    assert {"plugins/main.py", "helper.py", "unused.py", "lib/deep/farther.py"} <= set(found)
    assert not [name for name in found if "foreign" in name or not name.endswith(".py")]


def test_modules_are_found_where_the_environment_says(tree, monkeypatch):
    (tree / "distant.py").write_text("import far\n")
    assert set(code_of_script(tree / "distant.py", tree).files) == {"distant.py"}
    monkeypatch.setenv("PYTHONPATH", f"/nowhere{os.pathsep}lib")
    assert set(code_of_script(tree / "distant.py", tree).files) == {"distant.py", "lib/far.py"}


def test_a_shell_script_is_code_with_what_it_starts_but_not_with_its_data(tree):
    (tree / "solve").chmod(0o755)
    found = set(code_of_command(["sh", "run.sh"], tree, digest_file).files)
    assert found - {os.path.basename(os.path.realpath(shutil.which("sh")))} == {
        "run.sh", "helper.py", "params.inc", "solve", "named.py",
        "physics/__init__.py", "physics/other.py",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sh", "-c", "python helper.py --in=in.dat > out.txt 2>>broken.py"], "helper.py in.dat"),
        (["bash", "-lc", "set -e; (python -m physics.other|cat)"],
         "physics/__init__.py physics/other.py"),
        (["python", "-c", "import helper; print({seed:03d})"], "helper.py"),
        (["python", "-c", "from physics import other; print(f'{other}')"],
         "physics/__init__.py physics/other.py"),
        (["env", "python", "-uc", "import installed"],
         "src/installed/__init__.py src/installed/core.py"),
        (["python", "-c", "import sys; sys.path.append('lib'); import far"], "lib/far.py"),
        (["sh", "-c", "echo 'unbalanced"], ""),
    ],
)  # fmt: skip
def test_a_text_that_is_to_be_run_is_code_with_what_it_names_or_imports(tree, words, expected):
    found = code_of_command(words, tree, digest_file).files
    assert sorted(name for name in found if (tree / name).exists()) == expected.split()


@pytest.mark.parametrize(
    "first",
    ["#!/opt/env/bin/python3.11\n", "#!/bin/sh\n'''exec' \"/a b/python\" \"$0\" \"$@\"\n' '''\n"],
)
@pytest.mark.parametrize(
    "words", [["go"], ["mpirun", "-n", "4", "go"], ["sh", "-c", "go >x"], ["../bin/go"], ["./here"]]
)
def test_of_a_package_of_the_project_that_a_program_calls_the_sources_count(
    tree, tmp_path, monkeypatch, first, words
):
    (tmp_path / "bin").mkdir()
    for program in (tmp_path / "bin/go", tree / "here"):
        program.write_text(f"{first}import sys\nfrom installed import go\nsys.exit(go())")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    found = code_of_command(words, tree, digest_file).files
    assert {"src/installed/__init__.py", "src/installed/core.py"} <= set(found)


def test_a_text_may_import_any_module_by_a_computed_name(tree):
    found = code_of_command(["python", "-c", "__import__(input())"], tree, digest_file).files
    assert {"unused.py", "lib/deep/farther.py"} <= set(found)


def test_an_edit_of_an_import_changes_the_digest_and_one_elsewhere_does_not(tree):
    before = code_of_script(tree / "main.py", tree).digest
    (tree / "unused.py").write_text("y = 2\n")
    (tree / "physics" / "other.py").write_text("y = 2\n")
    assert code_of_script(tree / "main.py", tree).digest == before
    (tree / "physics" / "sub" / "deep.py").write_text("import helper\nz = 3\n")
    assert code_of_script(tree / "main.py", tree).digest != before


def test_a_script_outside_of_the_project_counts_with_its_own_folder(tree, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "run.py").write_text("import near\nimport helper\n")
    (outside / "near.py").write_text("")
    code = code_of_script(outside / "run.py", tree)
    assert sorted(code.files) == ["near.py", "run.py"]


def test_the_paths_do_not_tell_where_the_project_lies(tree, tmp_path):
    moved = tmp_path / "moved"
    before = code_of_script(tree / "main.py", tree).files
    os.chdir(tmp_path)
    os.rename(tree, moved)
    assert code_of_script(moved / "main.py", moved).files == before


def test_a_function_is_the_file_that_defines_it(tree, monkeypatch):
    monkeypatch.syspath_prepend(tree)
    import helper_of_test_code as module

    code = code_of_function(module.double, tree)
    assert sorted(code.files) == ["<double>", "helper_of_test_code.py"]


@pytest.fixture(autouse=True)
def module_for_function(project):
    (project / "helper_of_test_code.py").write_text("def double(x):\n    return 2 * x\n")
    yield
    sys.modules.pop("helper_of_test_code", None)


def test_a_function_without_a_file_is_its_own_text(project):
    space = {}
    exec("def f(x):\n    return x + 1\ndef g(x):\n    return x + 2\n", space)
    f, g = code_of_function(space["f"], project), code_of_function(space["g"], project)
    assert list(f.files) == ["<f>"]
    assert f.files["<f>"] != g.files["<g>"]


def test_a_command_is_its_program_and_the_files_it_names(tree):
    (tree / "in.melt").write_text("units lj\n")
    digests = []

    def digest_of(path):
        digests.append(path.name)
        return digest_file(path)

    command = [sys.executable, "main.py", "--in=in.melt", "{out}", "-T", "1.5", "/etc/hostname"]
    code = code_of_command(command, tree, digest_of)
    program = os.path.basename(os.path.realpath(sys.executable))
    assert set(code.files) == {
        "main.py",
        "helper.py",
        "physics/__init__.py",
        "physics/step.py",
        "physics/sub/deep.py",
        "physics/walk.py",
        "in.melt",
        program,
    }
    assert program in digests
    assert {name for name, _ in code.paths()} == set(code.files) - {program}


def test_no_code_has_no_digest():
    assert Code().digest is None


def test_the_module_that_python_runs_is_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/__init__.py").write_text("")
    (tmp_path / "pkg/rate.py").write_text("RATE = 1\n")
    (tmp_path / "pkg/main.py").write_text("from pkg.rate import RATE\n")
    found = code_of_command([sys.executable, "-m", "pkg.main"], tmp_path, digest_file)
    assert {"pkg/main.py", "pkg/rate.py"} <= set(found.files)


def test_a_script_outside_of_the_project_is_code_with_what_lies_beside_it(project):
    tmp_path = project.parent
    (tmp_path / "else").mkdir()
    (tmp_path / "else/sim.py").write_text("import beside, json, pytest\n")
    (tmp_path / "else/beside.py").write_text("x = 1\n")
    (tmp_path / "else/other.py").write_text("x = 1\n")
    found = code_of_command([sys.executable, "../else/sim.py"], project, digest_file)
    names = {name for name in found.files if name.endswith(".py")}
    assert names == {str(tmp_path / "else/sim.py"), str(tmp_path / "else/beside.py")}
    installed = code_of_command([sys.executable, pytest.__file__], project, digest_file)
    assert not any(name.endswith(".py") for name in installed.files)

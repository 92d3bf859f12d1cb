"""The size check finds what is too big and nothing else."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SIZE = Path(__file__).parents[2] / "tools" / "size.py"


@pytest.fixture(scope="module")
def size() -> ModuleType:
    spec = importlib.util.spec_from_file_location("size", SIZE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["size"] = module
    spec.loader.exec_module(module)
    return module


def found(size: ModuleType, tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "room.py"
    file.write_text(text)
    return [f"{finding.line}: {finding.what}" for finding in size.check(file)]


def function_of(lines: int, docstring: str = "") -> str:
    body = [f'    """{docstring}"""'] if docstring else []
    return "\n".join(["def work():", *body, *["    x = 1"] * (lines - 1)]) + "\n"


def class_of(methods: int, name: str = "Thing", decorator: str = "") -> str:
    each = "".join(f"    {decorator}\n    def do_{i}(self): ...\n" for i in range(methods))
    return f"class {name}:\n{each}    def _private(self): ...\n"


def test_module_stops_at_600_lines(size: ModuleType, tmp_path: Path) -> None:
    assert found(size, tmp_path, "x = 1\n" * 600) == []
    assert found(size, tmp_path, "x = 1\n" * 601) == ["1: 601 lines; a module stops at 600"]


def test_function_stops_at_60_lines_without_its_docstring(size: ModuleType, tmp_path: Path) -> None:
    long_story = "Long.\n" + "    A line of it.\n" * 30 + "    "
    assert found(size, tmp_path, function_of(60)) == []
    assert found(size, tmp_path, function_of(60, docstring=long_story)) == []
    assert found(size, tmp_path, function_of(61)) == [
        "1: work() has 61 lines; a function stops at 60"
    ]


def test_class_stops_at_12_public_methods(size: ModuleType, tmp_path: Path) -> None:
    assert found(size, tmp_path, class_of(12)) == []
    assert found(size, tmp_path, class_of(13, decorator="@property")) == []
    assert found(size, tmp_path, class_of(13, name="Run")) == []
    assert found(size, tmp_path, class_of(13)) == [
        "1: class Thing has 13 public methods; one stops at 12"
    ]


@pytest.mark.parametrize(
    ("signature", "parameters"),
    [
        ("def f(a, b, c, d, e, g): ...", None),
        ("def f(a, b, c, /, d, *, e, g, h): ...", 7),
        ("class A:\n    def f(self, a, b, c, d, e, g): ...", None),
        ("class A:\n    @staticmethod\n    def f(a, b, c, d, e, g, h): ...", 7),
        ("@click.command()\ndef f(a, b, c, d, e, g, h): ...", None),
        ("class Run:\n    def f(self, a, b, c, d, e, g, h): ...", None),
    ],
)
def test_more_than_six_parameters_are_a_dataclass(
    size: ModuleType, tmp_path: Path, signature: str, parameters: int | None
) -> None:
    findings = found(size, tmp_path, signature + "\n")
    assert len(findings) == (parameters is not None)
    assert all(f"f() has {parameters} parameters" in finding for finding in findings)


def test_prints_findings_and_fails(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("x = 1\n" * 601)
    (tmp_path / "short.py").write_text("x = 1\n")
    command = [sys.executable, SIZE, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == f"{tmp_path / 'long.py'}:1: 601 lines; a module stops at 600\n"
    assert subprocess.run([*command[:2], tmp_path / "short.py"], check=False).returncode == 0

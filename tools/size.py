"""Check the sizes that STYLE sets: where they stop, a module or a function should be two.

    python tools/size.py [PATH ...]     (default: src tools tests benchmarks examples)

Exit code 1 and one line per finding, `file:line: what`, when something is too big.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MODULE_LINES = 600
FUNCTION_LINES = 60  # without the docstring
PUBLIC_METHODS = 12
PARAMETERS = 6  # without self or cls; a click command has what its command line has

# Public faces whose vocabulary is given by the systems whose users they serve, and so are not
# counted: classes with all their methods, and functions.
FACES = {
    "ArtifactManager": "what squirrel's ArtifactManager answers to",
    "Catalog": "what squirrel's Catalog answers to",
    "Client": "what Simvue's Client answers to",
    "BackendSuite": "a suite of tests",
    "DataManager": "what dantro's DataManager answers to",
    "FaultyFiles": "what `Files` answers to",
    "Files": "what a store asks of the operating system, each call one method",
    "Life": "what Simvue's Run answers to while it lives",
    "Log": "what Simvue's Run answers to while it goes on",
    "match": "what smttask's filter match answers to",
    "OrderedDataGroup": "what dantro's groups answer to",
    "ParamSpace": "what paramspace's ParamSpace answers to",
    "PlotManager": "what dantro's PlotManager answers to",
    "Record": "what smttask's RecordView answers to",
    "RecordStoreView": "what smttask's RecordStoreView answers to",
    "Run": "what Simvue's Run answers to",
    "Store": "what the design names of it",
    "Stores": "a state machine of tests",
    "sweep_point": "what `sweep` takes, and which point",
    "sweep": "a space, what to run, and the choices of `whence sweep`",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is too big, and where it begins."""

    file: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def check(file: Path) -> Iterator[Finding]:
    """What is too big in one Python file."""
    text = file.read_text(encoding="utf-8")
    lines = text.count("\n")
    if lines > MODULE_LINES:
        yield Finding(file, 1, f"{lines} lines; a module stops at {MODULE_LINES}")
    tree = ast.parse(text, filename=str(file))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    owner = {id(item): node.name for node in classes for item in node.body}
    for node in classes:
        yield from _check_class(file, node)
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield from _check_function(file, node, owner.get(id(node)))


def _check_class(file: Path, node: ast.ClassDef) -> Iterator[Finding]:
    public = {
        item.name
        for item in node.body
        if isinstance(item, Function) and not item.name.startswith("_") and not _is_property(item)
    }
    tests = node.name.startswith("Test")
    if len(public) > PUBLIC_METHODS and node.name not in FACES and not tests:
        what = f"class {node.name} has {len(public)} public methods; one stops at {PUBLIC_METHODS}"
        yield Finding(file, node.lineno, what)


def _check_function(file: Path, node: Function, owner: str | None) -> Iterator[Finding]:
    lines = _lines(node)
    if lines > FUNCTION_LINES:
        what = f"{node.name}() has {lines} lines; a function stops at {FUNCTION_LINES}"
        yield Finding(file, node.lineno, what)
    parameters = len([*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs])
    if owner and "staticmethod" not in _decorators(node):
        parameters -= 1
    given = (owner or node.name) in FACES or "command" in _decorators(node)
    if parameters > PARAMETERS and not given:
        what = f"{node.name}() has {parameters} parameters; more than {PARAMETERS} are a dataclass"
        yield Finding(file, node.lineno, what)


def _lines(node: Function) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def _decorators(node: Function) -> set[str]:
    """Last part of each decorator's name: `setter` of `@x.setter`."""
    return {ast.unparse(item).split("(")[0].rsplit(".", 1)[-1] for item in node.decorator_list}


def _is_property(node: Function) -> bool:
    return bool(_decorators(node) & {"property", "cached_property", "setter", "deleter"})


def files_in(paths: list[Path]) -> Iterator[Path]:
    """Python files at and below some paths, each once, in order."""
    for path in paths:
        yield from ([path] if path.is_file() else sorted(path.rglob("*.py")))


def main(arguments: list[str]) -> int:
    """Print what is too big; give the exit code."""
    names = arguments or ["src", "tools", "tests", "benchmarks", "examples"]
    files = files_in([Path(name) for name in names])
    findings = [finding for file in files for finding in check(file)]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The workspace, and the use cases: one plain function per verb."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whence.app.demo import DemoResult, run_demo
    from whence.app.evaluation import EvaluationRequest, EvaluationResult, evaluate
    from whence.app.program import ProgramRun, record_program
    from whence.app.record import Listed, Shown, list_runs, show_run
    from whence.app.store import Made, init_store, reindex, verify_store
    from whence.app.sweep import SweepRequest, reasons, run_sweep, sweep_as_dict
    from whence.app.trace import trace_digest, trace_file
    from whence.app.tree import load_tree, operation_names, tree_as_dict
    from whence.app.workspace import Workspace

# A face uses one verb; it must not pay for the imports of the others.
_HOMES = {
    "demo": ("DemoResult", "run_demo"),
    "evaluation": ("EvaluationRequest", "EvaluationResult", "evaluate"),
    "program": ("ProgramRun", "record_program"),
    "record": ("Listed", "Shown", "list_runs", "show_run"),
    "store": ("Made", "init_store", "reindex", "verify_store"),
    "sweep": ("SweepRequest", "reasons", "run_sweep", "sweep_as_dict"),
    "trace": ("trace_digest", "trace_file"),
    "tree": ("load_tree", "operation_names", "tree_as_dict"),
    "workspace": ("Workspace",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "DemoResult",
    "EvaluationRequest",
    "EvaluationResult",
    "Listed",
    "Made",
    "ProgramRun",
    "Shown",
    "SweepRequest",
    "Workspace",
    "evaluate",
    "init_store",
    "list_runs",
    "load_tree",
    "operation_names",
    "reasons",
    "record_program",
    "reindex",
    "run_demo",
    "run_sweep",
    "show_run",
    "sweep_as_dict",
    "trace_digest",
    "trace_file",
    "tree_as_dict",
    "verify_store",
]


def __getattr__(name: str) -> Any:
    try:
        module = _HOME[name]
    except KeyError:
        raise AttributeError(f"module 'whence.app' has no attribute {name!r}") from None
    return getattr(importlib.import_module(f"whence.app.{module}"), name)

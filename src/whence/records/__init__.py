"""What happened: records, how to find and compare them, and where contents came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.base.lazy import lazily

if TYPE_CHECKING:
    from whence.records.artifact import Artifact, Category
    from whence.records.comparison import ParameterComparison, dfdiff
    from whence.records.condition import Condition
    from whence.records.contrast import RecordDifference
    from whence.records.expression import condition_of, conditions_of
    from whence.records.filter import record_filter
    from whence.records.holding import Holding, holdings, left_at
    from whence.records.lineage import Lineage, Link, Member, identity, is_digest
    from whence.records.query import Order, Query
    from whence.records.reader import Records, UnknownRun, varied
    from whence.records.record import Record
    from whence.records.summary import RecordStoreSummary
    from whence.records.task_parameter import fold_task_inputs, get_task_param
    from whence.records.trace import Change, Trace, Tracer, changed_since
    from whence.records.view import Filters, RecordStoreView

# Who records a run, or looks for one, must not pay for the imports of comparing and tracing.
_HOMES = {
    "artifact": (
        "Artifact",
        "Category",
    ),
    "comparison": (
        "ParameterComparison",
        "dfdiff",
    ),
    "condition": ("Condition",),
    "contrast": ("RecordDifference",),
    "expression": (
        "condition_of",
        "conditions_of",
    ),
    "filter": ("record_filter",),
    "holding": (
        "Holding",
        "holdings",
        "left_at",
    ),
    "lineage": (
        "Lineage",
        "Link",
        "Member",
        "identity",
        "is_digest",
    ),
    "query": (
        "Order",
        "Query",
    ),
    "reader": (
        "Records",
        "UnknownRun",
        "varied",
    ),
    "record": ("Record",),
    "summary": ("RecordStoreSummary",),
    "task_parameter": (
        "fold_task_inputs",
        "get_task_param",
    ),
    "trace": (
        "Change",
        "Trace",
        "Tracer",
        "changed_since",
    ),
    "view": (
        "Filters",
        "RecordStoreView",
    ),
}

__all__ = [
    "Artifact",
    "Category",
    "Change",
    "Condition",
    "Filters",
    "Holding",
    "Lineage",
    "Link",
    "Member",
    "Order",
    "ParameterComparison",
    "Query",
    "Record",
    "RecordDifference",
    "RecordStoreSummary",
    "RecordStoreView",
    "Records",
    "Trace",
    "Tracer",
    "UnknownRun",
    "changed_since",
    "condition_of",
    "conditions_of",
    "dfdiff",
    "fold_task_inputs",
    "get_task_param",
    "holdings",
    "identity",
    "is_digest",
    "left_at",
    "record_filter",
    "varied",
]

__getattr__ = lazily(__name__, _HOMES)

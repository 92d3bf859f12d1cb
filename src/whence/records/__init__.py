"""What happened: records, how to find and compare them, and where contents came from."""

from whence.records.artifact import Artifact, Category
from whence.records.comparison import ParameterComparison, dfdiff
from whence.records.condition import Condition
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

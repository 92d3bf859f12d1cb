"""What happened: records, how to find and compare them, and where contents came from."""

from whence.records.artifact import Artifact, Category
from whence.records.holding import Holding, holdings, left_at
from whence.records.lineage import Lineage, Link, Member
from whence.records.record import Record
from whence.records.trace import Change, Trace, Tracer, changed_since
from whence.records.view import Records, Selection, varied

__all__ = [
    "Artifact",
    "Category",
    "Change",
    "Holding",
    "Lineage",
    "Link",
    "Member",
    "Record",
    "Records",
    "Selection",
    "Trace",
    "Tracer",
    "changed_since",
    "holdings",
    "left_at",
    "varied",
]

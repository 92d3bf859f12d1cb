"""`smttask`, as whence has it: finding, comparing and reading records."""

from whence.compat.smttask import param_utils, utils
from whence.compat.smttask.task import Task
from whence.records import RecordStoreView, record_filter
from whence.tasks import MemoizedTask, RecordedTask

__all__ = [
    "MemoizedTask",
    "RecordStoreView",
    "RecordedTask",
    "Task",
    "param_utils",
    "record_filter",
    "utils",
]

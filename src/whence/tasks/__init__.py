"""Tasks: functions whose calls are remembered."""

from whence.tasks.task import MemoizedTask, RecordedTask

__all__ = ["MemoizedTask", "RecordedTask"]

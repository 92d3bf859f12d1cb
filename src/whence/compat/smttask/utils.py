"""`smttask.utils`."""

from whence.records import fold_task_inputs, get_task_param

__all__ = ["fold_task_inputs", "get_task_param"]

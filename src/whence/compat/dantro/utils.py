"""`dantro.utils`, where older versions had `register_operation`."""

from whence.transform import is_operation, register_operation

__all__ = ["is_operation", "register_operation"]

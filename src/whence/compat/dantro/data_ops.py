"""`dantro.data_ops`."""

from whence.transform import is_operation, register_operation

__all__ = ["is_operation", "register_operation"]

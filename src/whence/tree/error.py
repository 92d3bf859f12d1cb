"""Errors and warnings of the data tree."""

from __future__ import annotations

from whence.base.error import UserError


class ItemAccessError(UserError, KeyError, IndexError):
    """There is nothing at that path; says where the lookup stopped."""


class ExistingDataError(UserError):
    """There is already something at that path."""


class RequiredDataMissingError(UserError):
    """A required entry of a load configuration matches no file."""


class MissingDataWarning(UserWarning):
    """An entry that is not required matches no file."""


class ExistingDataWarning(UserWarning):
    """Something was left out or replaced because its path was taken."""


class NoMatchWarning(UserWarning):
    """A `path_regex` does not match a file that `glob_str` matches."""


class HDF5MapWarning(UserWarning):
    """An HDF5 object asks for a class that the mapping does not know."""

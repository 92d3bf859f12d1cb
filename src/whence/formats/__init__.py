"""The one registry of media types: object to bytes, bytes to object, file to content."""

from whence.formats.difference import (
    ArrayDifference,
    FileDifference,
    array_difference,
    difference,
)
from whence.formats.format import Format, format_for, format_of, formats, media_type_of
from whence.formats.stored import Stored, is_stored

__all__ = [
    "ArrayDifference",
    "FileDifference",
    "Format",
    "Stored",
    "array_difference",
    "difference",
    "format_for",
    "format_of",
    "formats",
    "is_stored",
    "media_type_of",
]

"""The one registry of media types: object to bytes, bytes to object, file to content."""

from whence.formats.difference import (
    ArrayDifference,
    FileDifference,
    array_difference,
    file_difference,
)
from whence.formats.driver import Driver, driver, drivers, register_driver
from whence.formats.figure import converted, is_matplotlib, picture
from whence.formats.format import (
    UNKNOWN,
    Format,
    format_for,
    format_named,
    format_of,
    formats,
    media_type_of,
)
from whence.formats.reading import Listener, listen, listener, listening
from whence.formats.serializer import Dumped, dump, load
from whence.formats.stored import Stored, is_stored
from whence.formats.stream import Stream

__all__ = [
    "UNKNOWN",
    "ArrayDifference",
    "Driver",
    "Dumped",
    "FileDifference",
    "Format",
    "Listener",
    "Stored",
    "Stream",
    "array_difference",
    "converted",
    "file_difference",
    "driver",
    "drivers",
    "dump",
    "format_for",
    "format_named",
    "format_of",
    "formats",
    "is_matplotlib",
    "is_stored",
    "listen",
    "listener",
    "listening",
    "load",
    "media_type_of",
    "picture",
    "register_driver",
]

"""Named content, attached to runs."""

from whence.artifacts.deposit import Deposit, Label, Mode, facts_of, place
from whence.artifacts.meter import Progress
from whence.artifacts.save import (
    Manner,
    Owner,
    preserved,
    save_all,
    save_directory,
    save_file,
    save_object,
)
from whence.artifacts.sink import Sink, attach

__all__ = [
    "Deposit",
    "Label",
    "Manner",
    "Mode",
    "Owner",
    "Progress",
    "Sink",
    "attach",
    "facts_of",
    "place",
    "preserved",
    "save_all",
    "save_directory",
    "save_file",
    "save_object",
]

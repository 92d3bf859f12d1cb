"""A record as text, a field to a line, as Sumatra lists it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from whence.params import flatten
from whence.records import surrounding
from whence.records.period import spoken
from whence.records.record import Record

_WIDTH = 17


def describe(record: Record) -> str:
    """The record as text: what is known of it, but for what it printed and logged."""
    return "\n".join(
        f"{name:<{_WIDTH}}: {lines[0]}" + "".join(f"\n{'':<{_WIDTH}}: {one}" for one in lines[1:])
        for name, told in _fields(record)
        if (lines := str(told).splitlines())
    )


def _fields(record: Record) -> Iterator[tuple[str, Any]]:
    program, code = surrounding.executable(record), surrounding.repository(record)
    mode = surrounding.launch_mode(record)
    when = record.timestamp
    yield "Label", record.label
    yield "Timestamp", "" if when is None else f"{when:%Y-%m-%d %H:%M:%S %z}"
    yield "Status", record.status
    yield "Reason", "\n".join(record.reason)
    yield "Outcome", record.outcome
    yield "Duration", "" if record.duration is None else spoken(record.duration)
    yield "Repository", "" if code is None else f"{code.type} at {code.url}"
    yield "Main_File", record.main_file
    yield "Version", record.version
    yield "Script_Arguments", record.script_arguments
    yield "Executable", "" if program is None else " ".join(_words(program))
    yield "Parameters", "\n".join(f"{k}: {v!r}" for k, v in flatten(record.parameters).items())
    yield "Input_Data", "\n".join(_data(record, "input"))
    yield "Launch_Mode", "" if mode is None else mode.type
    yield "Output_Data", "\n".join(_data(record, "output"))
    yield "User", record.user or ""
    yield "Tags", ", ".join(record.tags)
    yield "Repeats", surrounding.repeats(record) or ""


def _words(program: surrounding.Executable) -> Iterator[str]:
    yield from (program.name or program.path, program.version)
    if program.name and program.path:
        yield f"at {program.path}"
    if program.options:
        yield program.options


def _data(record: Record, category: Any) -> Iterator[str]:
    for key in surrounding.data(record, category):
        yield f"{key.path} ({key.digest[:12]})" if key.digest else key.path

"""What a command shows, as one HTML page that needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from whence.base.error import UserError

if TYPE_CHECKING:
    from rich.console import RenderableType

Section = tuple[str, str, list["RenderableType"]]

_STYLE = """
body { margin: 2em auto; max-width: 72em; padding: 0 1em; font: 15px/1.5 system-ui, sans-serif;
       color: #222; background: #fff; }
h1 { font-size: 1.4em; } h2 { font-size: 1.1em; margin: 1.6em 0 .2em; }
p { margin: .2em 0; }
pre { font: 13px/1.35 ui-monospace, monospace; background: #f6f6f4; padding: .6em .8em;
      overflow-x: auto; border-radius: 4px; }
table { border-collapse: collapse; } td, th { padding: .15em .8em .15em 0; text-align: left; }
th { border-bottom: 1px solid #bbb; } tr:nth-child(even) td { background: #f6f6f4; }
.absent { color: #999; }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #1c1c1c; } pre, tr:nth-child(even) td { background: #262626; }
}
"""


def page(path: Path, title: str, sections: Iterable[Section]) -> None:
    """Write sections as they show in a terminal to an HTML file.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    body = []
    for heading, told, parts in sections:
        lead = _markup(told)
        body.append(f"<h2>{html.escape(heading)}</h2>" if heading else "")
        body.append(f"<p>{lead}</p>")
        if parts:
            body.append(f"<pre>{_printed(parts)}</pre>")
    write(path, document(title, "\n".join(filter(None, body))))


def document(title: str, body: str) -> str:
    """A whole HTML document around a body."""
    told = html.escape(title)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{told}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{told}</h1>\n{body}\n</body></html>\n"
    )


def write(path: Path, text: str) -> None:
    """Write text to a file.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UserError.of("cannot-write", f"cannot write {path}: {error.strerror}") from error


def _markup(text: str) -> str:
    from rich.text import Text

    return _printed([Text.from_markup(text)]).strip()


def _printed(parts: list[RenderableType]) -> str:
    """What a terminal would show, as text with inline styles."""
    import io

    from rich.console import Console
    from rich.terminal_theme import DEFAULT_TERMINAL_THEME

    screen = Console(
        record=True, width=140, file=io.StringIO(), highlight=False, force_terminal=True
    )
    for part in parts:
        screen.print(part)
    found = screen.export_html(
        inline_styles=True, code_format="{code}", theme=DEFAULT_TERMINAL_THEME
    )
    return "\n".join(line.rstrip() for line in found.splitlines())

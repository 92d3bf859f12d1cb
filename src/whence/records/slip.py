"""What a text that is no filter was probably meant to be."""

from __future__ import annotations

import re

_KEY = r"(?P<key>[^\s=<>!~]+)"
_BEGINS = r"(?:starts?|begins?)\s*(?:with)?"
_MEANT = tuple(
    (re.compile(pattern, re.IGNORECASE), spelled)
    for pattern, spelled in (
        (r"(?:has\s+)?tags?[:\s]\s*(?P<value>\S.*)", "has tag.{value}"),
        (r"has\s+not\s+tags?[:\s]\s*(?P<value>\S.*)", "has not tag.{value}"),
        (r"(?:is|are)\s+(?P<value>\S+)", "status == {value}"),
        (rf"{_KEY}\s+(?:like|includes?|has|ilike)\s+(?P<value>.+)", "{key} contains {value}"),
        (rf"{_KEY}\s+(?:matches|regex)\s+(?P<value>.+)", "{key} ~ {value}"),
        (rf"(?P<key>artifact\.\w+)\s+{_BEGINS}\s+(?P<value>.+)", "{key} == {value}"),
        (rf"{_KEY}\s+{_BEGINS}\s+(?P<value>.+)", "{key} ~ ^{value}"),
        (rf"{_KEY}\s+(?:after|since)\s+(?P<value>.+)", "{key} > {value}"),
        (rf"{_KEY}\s+(?:before|until)\s+(?P<value>.+)", "{key} < {value}"),
        (rf"{_KEY}\s+is\s+not\s+(?P<value>.+)", "{key} != {value}"),
        (rf"{_KEY}(?::|\s+is|\s+equals?|\s+eq)\s+(?P<value>.+)", "{key} == {value}"),
        (r"(?P<key>created|started|ended)\s+(?P<value>today|yesterday)", "{key} == {value}"),
    )
)


def meant(text: str) -> str | None:
    """The sentence that offers a filter that says the same; None if none is known.

    Examples
    --------
    >>> meant("has tag heat"), meant("name like heat")
    ("Write 'has tag.heat'.", "Write 'name contains heat'.")
    """
    for pattern, spelled in _MEANT:
        match = pattern.fullmatch(text.strip())
        if match:
            return f"Write {spelled.format(**match.groupdict())!r}."
    return None

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from whence.store.line import Chain, seal

_BODIES = st.lists(st.integers(0, 10**6).map(lambda i: b'{"n":%d' % i), min_size=1, max_size=8)


def _file(bodies: list[bytes]) -> list[bytes]:
    lines, check = [], 0
    for body in bodies:
        line, check = seal(body, check)
        lines.append(line)
    return lines


def _read(data: bytes) -> tuple[list[bytes], int]:
    chain = Chain()
    return [row + b"\n" for _, row in chain.lines(data)], chain.bad


@given(_BODIES)
def test_what_is_sealed_is_good(bodies: list[bytes]) -> None:
    lines = _file(bodies)
    assert _read(b"".join(lines)) == (lines, 0)


@given(_BODIES, st.data())
def test_a_flipped_byte_is_found_and_costs_two_lines_at_most(
    bodies: list[bytes], data: st.DataObject
) -> None:
    lines = _file(bodies)
    whole = b"".join(lines)
    at = data.draw(st.integers(0, len(whole) - 1))
    flip = data.draw(st.integers(1, 255))
    damaged = whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :]
    good, bad = _read(damaged)
    unfinished = not damaged.endswith(b"\n")
    assert bad >= 1 or unfinished
    assert len(lines) - len(good) in ((1, 2) if 10 in (whole[at], damaged[at]) else (1,))
    assert set(good) <= set(lines)


@given(_BODIES, st.data())
def test_a_line_cut_short_costs_nothing_acknowledged(
    bodies: list[bytes], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(bodies) - 1))
    written, check = [], 0
    kept = []
    for number, body in enumerate(bodies):
        line, after = seal(body, check)
        if number == cut:
            part = line[: data.draw(st.integers(1, len(line) - 2))]
            written.append(part + b"\n")
        else:
            written.append(line)
            kept.append(line)
            check = after
    good, bad = _read(b"".join(written))
    assert good == kept
    assert bad == (cut == len(bodies) - 1)  # what comes last may have been whole once


@given(_BODIES, st.data())
def test_a_line_that_is_lost_beside_one_cut_short_is_found(
    bodies: list[bytes], data: st.DataObject
) -> None:
    lines, whole = _file(bodies), b""
    torn = []
    for line in lines:
        if data.draw(st.booleans()):
            torn.append(line[: data.draw(st.integers(1, len(line) - 2))] + b"\n")
            whole += torn[-1]
        whole += line
    assert _read(whole) == (lines, 0)
    lost = data.draw(st.integers(0, len(lines) - 1))
    start = whole.index(lines[lost])
    at = data.draw(st.integers(start, start + len(lines[lost]) - 2))
    good, bad = _read(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert bad >= 1
    assert lines[lost] not in good


@given(st.binary(max_size=300))
def test_anything_at_all_can_be_read(data: bytes) -> None:
    good, bad = _read(data)
    assert len(good) + bad <= data.count(b"\n")


@given(_BODIES, st.data())
def test_reading_in_pieces_is_reading_at_once(bodies: list[bytes], data: st.DataObject) -> None:
    lines = [b'{"n"\n' * data.draw(st.booleans()) + line for line in _file(bodies)]
    whole = bytearray(b"".join(lines))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1
    chain, rest, found = Chain(), b"", []
    size = data.draw(st.integers(1, 64))
    for start in range(0, len(whole), size):
        rest += bytes(whole[start : start + size])
        found += [row + b"\n" for _, row in chain.lines(rest)]
        rest = rest[rest.rfind(b"\n") + 1 :]
        chain = Chain(chain.good, chain.near, chain.bad, chain.cut)
    assert (found, chain.bad) == _read(bytes(whole))

"""Environment markers (PEP 508), as far as resolvers write them into a lock.

A lock is for every system at once: `colorama==0.4.6 ; sys_platform == 'win32'`. Which lines are for
this one is decided here, so that `check` can compare the environment with the lock itself and need
not trust the program that installed it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_TOKEN = re.compile(
    r"\s*(?:(?P<bracket>[()])|(?P<op><=|>=|==|!=|~=|<|>|not\s+in\b|in\b)"
    r"|(?P<bool>and\b|or\b)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<name>[a-z_]+))"
)
_VERSIONS = {"python_version", "python_full_version", "implementation_version"}


def applies(marker: str, facts: Mapping[str, str]) -> bool:
    """Whether `marker` ("" is always) holds where `facts` maps marker names to values.

    Raises ValueError for text that is not a marker or asks for an unknown name.
    """
    if not marker:
        return True
    tokens = _tokens(marker)
    value = _either(tokens, facts)
    if tokens:
        raise ValueError(f"not a marker: {marker}")
    return value


def _tokens(marker: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position, text = 0, marker.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise ValueError(f"not a marker: {marker}")
        kind = "text" if found.lastgroup in ("single", "double") else found.lastgroup
        tokens.append((kind, found.group(found.lastgroup)))
        position = found.end()
    return tokens[::-1]  # popped from the end


def _either(tokens: list[tuple[str, str]], facts: Mapping[str, str]) -> bool:
    value = _both(tokens, facts)
    while tokens and tokens[-1] == ("bool", "or"):
        tokens.pop()
        value = _both(tokens, facts) or value
    return value


def _both(tokens: list[tuple[str, str]], facts: Mapping[str, str]) -> bool:
    value = _one(tokens, facts)
    while tokens and tokens[-1] == ("bool", "and"):
        tokens.pop()
        value = _one(tokens, facts) and value
    return value


def _one(tokens: list[tuple[str, str]], facts: Mapping[str, str]) -> bool:
    if tokens and tokens[-1] == ("bracket", "("):
        tokens.pop()
        value = _either(tokens, facts)
        _take(tokens, "bracket")
        return value
    left, op, right = _take(tokens, "side"), _take(tokens, "op")[1], _take(tokens, "side")
    by_version = left[1] in _VERSIONS or right[1] in _VERSIONS
    a, b = (_value(side, facts) for side in (left, right))
    return _compare_versions(a, op, b) if by_version else _compare_text(a, op, b)


def _value(side: tuple[str, str], facts: Mapping[str, str]) -> str:
    kind, text = side
    if kind == "name" and text not in facts:
        raise ValueError(f"not a marker: {text} is unknown")
    return facts[text] if kind == "name" else text


def _take(tokens: list[tuple[str, str]], wanted: str) -> tuple[str, str]:
    kinds = ("name", "text") if wanted == "side" else (wanted,)
    if not tokens or tokens[-1][0] not in kinds:
        raise ValueError("not a marker: it ends early or has words out of place")
    return tokens.pop()


def _compare_text(a: str, op: str, b: str) -> bool:
    if op == "in":
        return a in b
    if op.startswith("not"):
        return a not in b
    if op == "==":
        return a == b
    if op == "!=":
        return a != b
    raise ValueError(f"markers do not order texts: {a} {op} {b}")


def _compare_versions(a: str, op: str, b: str) -> bool:
    if op in ("in",) or op.startswith("not"):
        listed = a in re.split(r"[\s,|]+", b)
        return listed if op == "in" else not listed
    if b.endswith(".*") and op in ("==", "!="):
        prefix = release(b[:-2])
        same = release(a, len(prefix))[: len(prefix)] == prefix
        return same if op == "==" else not same
    if op == "~=":
        fixed = release(b)
        return (
            release(a, len(fixed)) >= fixed
            and release(a, len(fixed))[: len(fixed) - 1] == fixed[:-1]
        )
    width = max(len(release(a)), len(release(b)))
    x, y = release(a, width), release(b, width)
    return {"==": x == y, "!=": x != y, "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[op]


def satisfies_all(version: str, bounds: str) -> bool:
    """Whether a version is within bounds as ">=2,<3", by release numbers ("" is no bound).

    Raises ValueError for bounds that are none.
    """
    for bound in filter(None, (part.strip() for part in bounds.split(","))):
        found = re.fullmatch(r"(<=|>=|===?|!=|~=|<|>)\s*(\S+)", bound)
        if found is None:
            raise ValueError(f"not a bound: {bound}")
        if not _compare_versions(version, found[1][:2], found[2]):
            return False
    return True


def release(version: str, width: int = 0) -> tuple[int, ...]:
    """The release numbers of a version, padded with zeros to `width`: "3.12.1rc1" is (3, 12, 1)."""
    found = re.match(r"\d+(\.\d+)*", version.strip())
    if found is None:
        raise ValueError(f"not a version: {version}")
    numbers = tuple(int(part) for part in found.group().split("."))
    return numbers + (0,) * (width - len(numbers))

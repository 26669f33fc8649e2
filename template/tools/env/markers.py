"""Environment markers (PEP 508), as far as resolvers write them into a lock.

A lock is for every system at once: `colorama==0.4.6 ; sys_platform == 'win32'`. Which lines are for
this one is decided here, so that `check` can compare the environment with the lock itself and need
not trust the program that installed it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_TOKEN = re.compile(
    r"\s*(?:(?P<bracket>[()])|(?P<op>===|<=|>=|==|!=|~=|<|>|not\s+in\b|in\b)"
    r"|(?P<bool>and\b|or\b)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<name>[a-z_]+))"
)
_VERSIONS = {"python_version", "python_full_version", "implementation_version", "platform_release"}
_VERSION = re.compile(
    r"\s*v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<phase>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre>\d*))?"
    r"(?P<posted>-(?P<implied>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post>\d*))?"
    r"(?P<developed>[-_.]?dev[-_.]?(?P<dev>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*",
    re.IGNORECASE | re.ASCII,
)
_PHASES = {"alpha": "a", "beta": "b", "preview": "rc", "pre": "rc", "c": "rc"}

SYSTEMS = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64"))
"""Every system that a lock is for: sys_platform and platform_machine."""


def facts_of(system: tuple[str, str], python: str) -> dict[str, str]:
    """What markers are decided by on a system of SYSTEMS, for a minor version of CPython."""
    platform, machine = system
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "os_name": "nt" if platform == "win32" else "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}[platform],
        "platform_version": "",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": platform,
    }


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
    if "name" not in (left[0], right[0]):
        raise ValueError(f"not a marker: {left[1]} {op} {right[1]} asks for nothing")
    by_version = left[1] in _VERSIONS or right[1] in _VERSIONS
    return _compare(_value(left, facts), " ".join(op.split()), _value(right, facts), by_version)


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


def _compare(a: str, op: str, b: str, by_version: bool) -> bool:
    """As versions where they are to be, and `b` is one; an order of other texts says nothing.

    https://packaging.python.org/en/latest/specifications/dependency-specifiers/
    """
    if op == "in":
        return a in b
    if op == "not in":
        return a not in b
    if by_version and op == "===" and not re.search(r"[\s;)]", b.strip()):
        return a.lower() == b.strip().lower()
    starred = b.endswith(".*") and op in ("==", "!=")
    bound = _version(b[:-2] if starred else b) if by_version else None
    if bound is not None and _is_bound(bound, op, starred):
        version = _version(a)
        return version is not None and _within(version, op, bound, starred)
    if op in ("<", ">"):
        return False
    if op in ("==", "<=", ">="):
        return a == b
    if op == "!=":
        return a != b
    raise ValueError(f"not a marker: {op} does not compare texts, {a} and {b}")


class _Version(NamedTuple):
    """The parts of a version (PEP 440)."""

    epoch: int
    release: tuple[int, ...]
    pre: tuple[str, int] | None
    post: int | None
    dev: int | None
    local: tuple[str, ...]

    @property
    def base(self) -> tuple[int, tuple[int, ...]]:
        numbers = self.release
        while len(numbers) > 1 and numbers[-1] == 0:
            numbers = numbers[:-1]
        return self.epoch, numbers

    @property
    def order(self) -> tuple[Any, ...]:
        """What compares as versions do."""
        early = self.dev is not None and self.pre is None and self.post is None
        pre = ("", 0) if early else self.pre or ("z", 0)
        post = -1 if self.post is None else self.post
        local = [(int(part), "") if part.isdigit() else (-1, part) for part in self.local]
        return *self.base, pre, post, self.dev is None, self.dev or 0, local


def _version(text: str) -> _Version | None:
    """A version in its parts; None for a text that is none."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    phase = (found["phase"] or "").lower()
    local = re.split("[-_.]", found["local"].lower()) if found["local"] else []
    return _Version(
        int(found["epoch"] or 0),
        tuple(int(part) for part in found["release"].split(".")),
        (_PHASES.get(phase, phase), int(found["pre"] or 0)) if phase else None,
        int(found["implied"] or found["post"] or 0) if found["posted"] else None,
        int(found["dev"] or 0) if found["developed"] else None,
        tuple(str(int(part)) if part.isdigit() else part for part in local),
    )


def _is_bound(version: _Version, op: str, starred: bool) -> bool:
    """Whether `op` can stand before a version; starred is "3.1.*"."""
    if starred:
        return (version.pre, version.post, version.dev, version.local) == (None, None, None, ())
    if op == "~=" and len(version.release) < 2:
        return False
    return not version.local or op in ("==", "!=")


def _within(version: _Version, op: str, bound: _Version, starred: bool) -> bool:
    if op == "!=":
        return not _within(version, "==", bound, starred)
    public = version if bound.local else version._replace(local=())
    if starred or op == "~=":
        fixed = bound.release if starred else bound.release[:-1]
        numbers = (version.release + (0,) * len(fixed))[: len(fixed)]
        same = (version.epoch, numbers) == (bound.epoch, fixed)
        return same and (starred or public.order >= bound.order)
    if op == "==":
        return public.order == bound.order
    if op in ("<=", ">="):
        return public.order <= bound.order if op == "<=" else public.order >= bound.order
    early, late = version.pre or version.dev is not None, version.post is not None
    if version.base == bound.base:  # 1.0rc1 is not before 1.0 in this sense, nor 1.0.post1 after it
        if op == "<" and early and not (bound.pre or bound.dev is not None):
            return False
        if op == ">" and (version.local or (late and bound.post is None)):
            return False
    return version.order < bound.order if op == "<" else version.order > bound.order


def canonical(version: str) -> str:
    """A version in the one spelling that compares equal (PEP 440): "2025.05.09" is "2025.5.9".

    A text that is no version stays as it is.
    """
    parts = _version(version)
    if parts is None:
        return version
    text = f"{parts.epoch}!" if parts.epoch else ""
    text += ".".join(map(str, parts.base[1]))
    text += "".join(map(str, parts.pre or ()))
    text += "" if parts.post is None else f".post{parts.post}"
    text += "" if parts.dev is None else f".dev{parts.dev}"
    return text + (f"+{'.'.join(parts.local)}" if parts.local else "")


def release(version: str, width: int = 0) -> tuple[int, ...]:
    """The release numbers of a version, padded with zeros to `width`: "3.12.1rc1" is (3, 12, 1)."""
    found = re.match(r"\d+(\.\d+)*", version.strip())
    if found is None:
        raise ValueError(f"not a version: {version}")
    numbers = tuple(int(part) for part in found.group().split("."))
    return numbers + (0,) * (width - len(numbers))


def satisfies(version: str, wanted: str) -> bool:
    """Whether a Python `version` is the one asked for: "3.12.1" is for "3.12", not for "3.1"."""
    asked = release(wanted)
    return release(version)[: len(asked)] == asked

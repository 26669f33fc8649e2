"""Environment markers (PEP 508), as far as resolvers write them into a lock.

A lock is for every system at once: `colorama==0.4.6 ; sys_platform == 'win32'`. Which lines are for
this one is decided here, so that `check` can compare the environment with the lock itself and need
not trust the program that installed it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple

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
_OF_A_PATCH = re.compile(r"(?=.*(?:full|implementation)_version).*\d\.\d+\.\d")
"""What not all patches of a minor version of Python may say the same of."""

_FINAL = "z"
_PHASES = {"alpha": "a", "beta": "b", "preview": "rc", "pre": "rc", "c": "rc"}

SYSTEMS = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64"))
"""Every system that a lock is for: sys_platform and platform_machine."""

PLATFORMS = {f"{system}-{machine}".lower(): (system, machine) for system, machine in SYSTEMS}
"""The same by a name each, as "linux-x86_64"."""


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
    try:
        value = _either(tokens, facts)
    except RecursionError:
        raise ValueError("not a marker: it is nested too deeply") from None
    if tokens:
        raise ValueError(f"not a marker: {marker}")
    return value


def within(marker: str, places: Sequence[Mapping[str, str]]) -> str:
    """The marker without the parts that say nothing for any of these places (see `facts_of`).

    Left out are those that hold in all of them, and those in brackets that the others imply.
    """
    last = [{**each, "python_full_version": f"{each['python_version']}.99"} for each in places]
    left = list(dict.fromkeys(_parts_of(marker)))
    for part in [each for each in left if not _OF_A_PATCH.match(each)]:
        rest = [each for each in left if each != part and not _OF_A_PATCH.match(each)]
        known = [
            facts
            for facts in (*places, *last)
            if part[0] != "(" or all(applies(each, facts) for each in rest)
        ]
        if all(applies(part, facts) for facts in known):
            left.remove(part)
    return " and ".join(left)


def _parts_of(marker: str) -> list[str]:
    """What `and` joins outside of brackets; the whole where `or` does, too."""
    found, depth, start = [], 0, 0
    for token in _TOKEN.finditer(marker):
        if token["bracket"]:
            depth += 1 if token["bracket"] == "(" else -1
        elif token["bool"] and not depth:
            if token["bool"] == "or":
                return [marker.strip()]
            found.append(marker[start : token.start()].strip())
            start = token.end()
    return [*found, marker[start:].strip()]


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
    bound = _VERSION.fullmatch(b[:-2] if starred else b) if by_version else None
    if bound is not None and _may_follow(op, bound, starred):
        numbers = len(bound["release"].split("."))
        width = numbers if starred else numbers - 1 if op == "~=" else 0
        version = _version(a)
        return version is not None and _satisfies(version, op, _parts(bound), width)
    if op in ("<", ">"):
        return False
    if op in ("==", "<=", ">="):
        return a == b
    if op == "!=":
        return a != b
    raise ValueError(f"not a marker: {op} does not compare texts, {a} and {b}")


def _may_follow(op: str, bound: re.Match[str], starred: bool) -> bool:
    if starred:
        return not any(bound[part] for part in ("phase", "posted", "developed", "local"))
    if op == "~=" and "." not in bound["release"]:
        return False
    return not bound["local"] or op in ("==", "!=")


class _Version(NamedTuple):
    """The parts of a version (PEP 440), which compare as versions do."""

    epoch: int
    release: tuple[int, ...]
    """Without zeros at its end."""

    pre: tuple[str, int]
    """As ("rc", 1); _FINAL where it is none, and before all where it only leads to one."""

    post: int
    """-1 where it is none."""

    dev: float
    """Infinite where it is none."""

    local: tuple[tuple[int, str], ...]

    @property
    def is_early(self) -> bool:
        return self.pre[0] != _FINAL or self.dev < inf


def _version(text: str) -> _Version | None:
    """A version in its parts; None for a text that is none."""
    found = _VERSION.fullmatch(text)
    return _parts(found) if found else None


def _parts(found: re.Match[str]) -> _Version:
    numbers = release(found["release"])
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers = numbers[:-1]
    phase = (found["phase"] or "").lower()
    pre = (_PHASES.get(phase, phase), int(found["pre"] or 0)) if phase else (_FINAL, 0)
    post = int(found["implied"] or found["post"] or 0) if found["posted"] else -1
    dev = int(found["dev"] or 0) if found["developed"] else inf
    if dev < inf and not phase and post < 0:
        pre = ("", 0)
    local = re.split("[-_.]", found["local"].lower()) if found["local"] else []
    return _Version(
        int(found["epoch"] or 0),
        numbers,
        pre,
        post,
        dev,
        tuple((int(part), "") if part.isdigit() else (-1, part) for part in local),
    )


def _satisfies(version: _Version, op: str, bound: _Version, width: int) -> bool:
    """`width` is the number of release numbers that must be the same, for "3.1.*" and ~=."""
    if op == "!=":
        return not _satisfies(version, "==", bound, width)
    public = version if bound.local else version._replace(local=())
    if width:
        padded = [(each.epoch, (each.release + (0,) * width)[:width]) for each in (version, bound)]
        return padded[0] == padded[1] and (op == "==" or public >= bound)
    if op in ("==", "<=", ">="):
        return {"==": public == bound, "<=": public <= bound, ">=": public >= bound}[op]
    if version[:2] == bound[:2]:  # 1.0rc1 is not before 1.0 in this sense, nor 1.0.post1 after it
        if op == "<" and version.is_early and not bound.is_early:
            return False
        if op == ">" and (version.local or (version.post >= 0 > bound.post)):
            return False
    return version < bound if op == "<" else version > bound


def same_version(a: str, b: str) -> bool:
    """Whether two texts are one version (PEP 440), as "2025.05.09" and "2025.5.9"."""
    if a == b:
        return True
    version = _version(a)
    return version is not None and version == _version(b)


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

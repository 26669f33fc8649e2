"""Solves and installs conda packages with py-rattler: a program of its own, run by programs.py.

    python -I rattler.py LIBRARY REQUEST

LIBRARY is a directory that holds py-rattler and PyYAML, REQUEST a JSON file with the fields that
`solve` or `install` name. What a person should know is printed; the exit code is 1 for trouble.
It never runs inside the engine's own process: py-rattler can crash at interpreter exit, its work
done, so this ends by os._exit.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

_CHANNEL = "conda-forge"

# What a machine is taken to have (conda's virtual packages), so that whoever solves gets the same
# lock. A line of environment.yml, as "__glibc >=2.28", says that all of a project's have more:
# https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-virtual.html
_LINUX = {"__unix": "0", "__linux": "4.18", "__glibc": "2.17"}
_OSX = {"__unix": "0", "__osx": "13.0"}
_MACHINES = {
    "linux-64": {**_LINUX, "__archspec": "1=x86_64"},
    "linux-aarch64": {**_LINUX, "__archspec": "1=aarch64"},
    "osx-64": {**_OSX, "__archspec": "1=x86_64"},
    "osx-arm64": {**_OSX, "__archspec": "1=m1"},
    "win-64": {"__win": "0", "__archspec": "1=x86_64"},
}
_DRIVERS = ("", "12.0", "13.0")
"""The CUDA that a driver is taken to have where nobody says: none, or the oldest that serves."""

_VIRTUAL = re.compile(
    r"(?P<name>__(cuda|glibc|linux|osx|win|archspec)) *(>=|==?| ) *(?P<version>\d[\d.]*)"
    r"(?P<build>=\w+)?"
)


class Trouble(Exception):
    """A sentence for people."""


def main(library: str, request: str) -> int:
    sys.path.insert(0, library)
    asked = json.loads(Path(request).read_text(encoding="utf-8"))
    try:
        asyncio.run({"solve": solve, "install": install}[asked["action"]](asked))
    except Trouble as trouble:
        print(trouble)
        return 1
    except Exception as error:  # py-rattler's own are many, and their texts are for people
        print(f"{type(error).__name__}: {error}")
        return 1
    return 0


async def solve(asked: dict[str, Any]) -> None:
    """Solve `environment` for `platforms`; pixi.lock and conda-PLATFORM.txt go to `output`.

    What is in the locks `keep` stays where it can, except the packages `free` (all if null).
    Nothing is newer than `cutoff`, where there is one, or than what stays. `here` must be solvable;
    another platform that is not is said, and left out.
    """
    import rattler
    from rattler.exceptions import SolverError

    text = Path(asked["environment"]).read_bytes()
    specs, machine = _wishes(text)
    solved, drivers = {}, {}
    for platform in asked["platforms"]:
        try:
            solved[platform], drivers[platform] = await _solved(platform, specs, machine, asked)
        except SolverError as error:  # noqa: PERF203 - one platform's is not the others'
            if platform == asked["here"]:
                if "__" in str(error):
                    print("What machines have is a line in environment.yml, as: __cuda >=13.1")
                raise
            print(f"{platform} is left out: {' '.join(str(error).split())}")
    for driver in sorted(set(filter(None, drivers.values()))):
        where = ", ".join(platform for platform, each in drivers.items() if each == driver)
        print(f"{where}: solved for machines with CUDA {driver} or newer, as a package needs it")
    output = Path(asked["output"])
    _write_lock(output / "pixi.lock", rattler.Channel(_CHANNEL), solved)
    lock = hashlib.sha256((output / "pixi.lock").read_bytes()).hexdigest()
    names = sorted({spec.name.normalized for spec in specs})
    head = f"# environment.yml: {hashlib.sha256(text).hexdigest()}\n# pixi.lock: {lock}\n"
    head += f"# asked: {' '.join(names)}\n@EXPLICIT\n"
    for platform, records in solved.items():
        lines = "".join(f"{record.url}#{record.md5.hex()}\n" for record in _ordered(records))
        path = output / f"conda-{platform}.txt"
        path.write_text(
            f"# Made by tools/env; do not edit. conda create -p DIR --file {path.name}\n"
            f"# platform: {platform}\n{head}{lines}",
            encoding="utf-8",
        )


async def _solved(
    platform: str, specs: list[Any], machine: dict[str, str], asked: dict[str, Any]
) -> tuple[list[Any], str]:
    """The packages for one platform, and the CUDA that they need where nobody said one.

    Raises SolverError.
    """
    import rattler
    from rattler.exceptions import SolverError

    has = {name: machine.get(name, usual) for name, usual in _MACHINES[platform].items()}
    if platform.startswith("osx"):
        drivers: tuple[str, ...] = ("",)
    else:
        drivers = (machine["__cuda"],) if "__cuda" in machine else _DRIVERS
    kept, cutoff = _kept(asked, platform), None
    if asked["cutoff"]:
        times = [each.timestamp for each in kept if each.timestamp]
        cutoff = max([datetime.fromisoformat(asked["cutoff"]), *times])
    for driver in drivers:
        try:
            found: list[Any] = await rattler.solve(
                sources=[rattler.Channel(_CHANNEL)],
                specs=specs,
                gateway=_gateway(asked),
                platforms=[rattler.Subdir(platform), rattler.Subdir("noarch")],
                virtual_packages=_virtual({**has, "__cuda": driver}),
                channel_priority=rattler.ChannelPriority.Strict,
                locked_packages=kept,
                exclude_newer=cutoff,
                timestamp_policy="allow-missing",
            )
        except SolverError as error:  # noqa: PERF203 - then the next driver is tried
            if driver == drivers[-1] or "__cuda" not in str(error):
                raise
        else:
            break
    return found, "" if "__cuda" in machine else driver


async def install(asked: dict[str, Any]) -> None:
    """Bring the conda prefix `prefix` to the lock `lock` for `platform`; those `again` anew."""
    import rattler
    from rattler.package_cache import PackageCache, PackageCacheLayer, ValidationMode

    records = _locked(Path(asked["lock"]), asked["platform"])
    # Files are hard-linked out of the cache, so one that was edited somewhere is edited there too:
    # nothing is taken from it before its hash was looked at.
    layer = PackageCacheLayer(_cache() / "pkgs").with_validation_mode(ValidationMode.full())
    cache = PackageCache.from_layers([layer])
    if asked["offline"]:
        index = await cache.index()
        absent = [each.name.normalized for each in records if not index.contains_record(each)]
        if absent:
            raise Trouble(f"Not in the cache, and the network is off: {', '.join(absent)}.")
    _tell_lacks(records)
    _forget_unreadable(Path(asked["prefix"]))
    await rattler.install(
        records,
        target_prefix=asked["prefix"],
        package_cache=cache,
        reinstall_packages=set(asked["again"]),
        execute_link_scripts=False,
        show_progress=False,
        client=_client(asked),
    )


def _tell_lacks(records: list[Any]) -> None:
    """Say what this machine lacks, as a lock for a server can be made and tried on a laptop."""
    import rattler

    found = rattler.VirtualPackage.detect(rattler.VirtualPackageOverrides.from_env())
    here = [
        rattler.PackageRecord(each.name, str(each.version), each.build_string, 0, "noarch")
        for each in (virtual.into_generic() for virtual in found)
    ]
    needs: dict[str, list[str]] = {}
    for record in records:
        for need in record.depends:
            if need.startswith("__") and not need.startswith("__archspec"):  # it has ancestors
                needs.setdefault(need, []).append(record.name.normalized)
    for need, names in needs.items():
        if not any(rattler.MatchSpec(need).matches(each) for each in here):
            print(f"note: this machine lacks {need}, which is needed by {', '.join(names)}")


def _forget_unreadable(prefix: Path) -> None:
    """Remove the records that were cut off by a crash: their packages are put there anew."""
    import rattler

    for path in (prefix / "conda-meta").glob("*.json"):
        try:
            rattler.PrefixRecord.from_path(path)
        except Exception:  # noqa: PERF203 - whatever is wrong with it
            path.unlink()


def _wishes(text: bytes) -> tuple[list[Any], dict[str, str]]:
    """What an environment.yml asks for: packages, and what every machine of the project has."""
    import rattler

    specs, machine = [], {}
    for line in _lines(text):
        if line.startswith("__"):
            found = _VIRTUAL.fullmatch(line)
            if found is None:
                raise Trouble(
                    f"`{line}` in environment.yml is not what a machine can have; "
                    "write it like __cuda >=12.4 or __glibc >=2.28."
                )
            machine[found["name"]] = found["version"] + (found["build"] or "")
            continue
        try:
            spec = rattler.MatchSpec(line)
        except Exception as error:  # its exceptions have no class in common
            raise Trouble(f"`{line}` in environment.yml is no conda package: {error}.") from None
        if (spec.channel and spec.channel.name != _CHANNEL) or "//" in line:
            raise Trouble(f"`{line}` in environment.yml is not from {_CHANNEL}, the one channel.")
        specs.append(spec)
    return specs, {**machine, **_overrides()}


def _lines(text: bytes) -> list[str]:
    """The dependencies in an environment.yml."""
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Trouble(f"environment.yml is not YAML: {error}") from None
    content = content if isinstance(content, dict) else {}
    if content.get("channels") != [_CHANNEL]:
        raise Trouble(f"The `channels` in environment.yml must be exactly: {_CHANNEL}.")
    lines = content.get("dependencies")
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Trouble(
            "The `dependencies` in environment.yml must be conda packages, a line each; "
            "what pip installs stands in pyproject.toml."
        )
    return lines


def _overrides() -> dict[str, str]:
    """What conda's own variables, as CONDA_OVERRIDE_CUDA, say that a machine has; "" is nothing."""
    found = {}
    for name in ("cuda", "glibc", "linux", "osx", "win"):
        variable = f"CONDA_OVERRIDE_{name.upper()}"
        if variable in os.environ:
            found[f"__{name}"] = os.environ[variable]
            print(
                f"The variable {variable} counts for this lock; environment.yml can say it for "
                f"everybody: __{name} >={os.environ[variable] or 'VERSION'}"
            )
    return found


def _virtual(packages: dict[str, str]) -> list[Any]:
    import rattler

    parts = ((name, *f"{value}=0".split("=")[:2]) for name, value in packages.items() if value)
    return [
        rattler.GenericVirtualPackage(
            rattler.PackageName(name), rattler.Version(version), rattler.BuildString(build)
        )
        for name, version, build in parts
    ]


def _gateway(asked: dict[str, Any]) -> Any:
    import rattler

    action = "force-cache-only" if asked["offline"] else "cache-or-fetch"
    return rattler.Gateway(
        cache_dir=_cache() / "repodata",
        default_config=rattler.SourceConfig(cache_action=action),
        client=_client(asked),
    )


def _client(asked: dict[str, Any]) -> Any:
    """Downloads through a company's mirror where there is one; the lock names the channel."""
    import rattler
    from rattler.networking import AuthenticationMiddleware, MirrorMiddleware, RetryMiddleware

    parts: list[Any] = [RetryMiddleware()]
    if asked["mirror"]:
        address = f"{asked['mirror'].rstrip('/')}/{_CHANNEL}"
        parts.append(MirrorMiddleware({rattler.Channel(_CHANNEL).base_url: [address]}))
    return rattler.Client([*parts, AuthenticationMiddleware()])


def _kept(asked: dict[str, Any], platform: str) -> list[Any]:
    """What is locked today, by the first of the locks `keep` that has it."""
    if asked["free"] is None:
        return []
    found: dict[str, Any] = {}
    for path in reversed(asked["keep"]):
        try:
            found.update((each.name.normalized, each) for each in _locked(Path(path), platform))
        except Trouble:  # noqa: PERF203 - this platform is new, or was left out
            continue
        except Exception as error:  # its exceptions have no class in common
            print(f"Today's versions cannot be read, so others may come: {error}")
    return [each for name, each in found.items() if name not in asked["free"]]


def _locked(path: Path, platform: str) -> list[Any]:
    import rattler

    environment = rattler.LockFile.from_path(path).default_environment()
    for each in environment.platforms() if environment else []:
        if each.name == platform:
            return list(environment.conda_repodata_records_for_platform(each) or [])
    raise Trouble(f"{path.name} is not for {platform}.")


def _write_lock(path: Path, channel: Any, solved: dict[str, list[Any]]) -> None:
    import rattler

    platforms = {name: rattler.LockPlatform(name) for name in solved}
    lock = rattler.LockFile(list(platforms.values()))
    lock.set_channels("default", [channel.to_lock_channel()])
    for name, records in solved.items():
        for record in records:
            lock.add_conda_package("default", platforms[name], record)
    lock.to_path(path)


def _ordered(records: list[Any]) -> list[Any]:
    """Dependencies first, as `conda create --file` wants them."""
    import rattler

    by_name = {record.name.normalized: record for record in records}
    ordered = rattler.PackageRecord.sort_topologically(list(records))
    return [by_name[record.name.normalized] for record in ordered]  # the sorted ones have no url


def _cache() -> Path:
    """rattler's own cache, which other tools share."""
    named = os.environ.get("RATTLER_CACHE_DIR")
    if named:
        return Path(named)
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "rattler" / "cache"


if __name__ == "__main__":
    code = main(sys.argv[1], sys.argv[2])
    sys.stdout.flush()
    os._exit(code)

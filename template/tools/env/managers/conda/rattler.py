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
from pathlib import Path
from typing import Any

# What a machine may be assumed to have, so that whoever solves gets the same lock.
_BASELINE = {
    "linux-64": ("__unix=0", "__linux=4.18", "__glibc=2.17", "__archspec=0=x86_64"),
    "linux-aarch64": ("__unix=0", "__linux=4.18", "__glibc=2.17", "__archspec=0=aarch64"),
    "osx-64": ("__unix=0", "__osx=13.0", "__archspec=0=x86_64"),
    "osx-arm64": ("__unix=0", "__osx=13.0", "__archspec=0=m1"),
    "win-64": ("__win=0", "__archspec=0=x86_64"),
}
_CHANNEL = "conda-forge"


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

    The packages of the lock `keep` stay where they can, except those named in `free` (all if null).
    `here` must be solvable; another platform that is not is said, and left out.
    """
    import rattler
    from rattler.exceptions import SolverError

    channel = rattler.Channel(_CHANNEL)
    text = Path(asked["environment"]).read_bytes()
    specs = _specs(text)

    async def solved_for(platform: str) -> list[Any] | None:
        try:
            found: list[Any] = await rattler.solve(
                sources=[channel],
                specs=[rattler.MatchSpec(spec) for spec in specs],
                gateway=_gateway(asked),
                platforms=[rattler.Subdir(platform), rattler.Subdir("noarch")],
                virtual_packages=_virtual(platform, specs),
                channel_priority=rattler.ChannelPriority.Strict,
                locked_packages=_kept(asked, platform),
            )
            return found
        except SolverError as error:
            if platform == asked["here"]:
                raise
            reason = " ".join(str(error).split())
            print(f"{platform} is left out: {reason}")
            return None

    answers = [(platform, await solved_for(platform)) for platform in asked["platforms"]]
    solved = {platform: records for platform, records in answers if records is not None}
    output = Path(asked["output"])
    _write_lock(output / "pixi.lock", channel, solved)
    lock = hashlib.sha256((output / "pixi.lock").read_bytes()).hexdigest()
    names = [re.split(r"[^a-z0-9._-]", spec)[0] for spec in specs]
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


def _forget_unreadable(prefix: Path) -> None:
    """Remove the records that were cut off by a crash: their packages are put there anew."""
    import rattler

    for path in (prefix / "conda-meta").glob("*.json"):
        try:
            rattler.PrefixRecord.from_path(path)
        except Exception:  # noqa: PERF203 - whatever is wrong with it
            path.unlink()


def _specs(text: bytes) -> list[str]:
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Trouble(f"environment.yml is not YAML: {error}") from None
    content = content if isinstance(content, dict) else {}
    if content.get("channels") != [_CHANNEL]:
        raise Trouble(f"The `channels` in environment.yml must be exactly: {_CHANNEL}.")
    specs = content.get("dependencies")
    if not isinstance(specs, list) or not all(isinstance(spec, str) for spec in specs):
        raise Trouble(
            "The `dependencies` in environment.yml must be conda packages, a line each; "
            "what pip installs stands in pyproject.toml."
        )
    return specs


def _virtual(platform: str, specs: list[str]) -> list[Any]:
    import rattler

    words = list(_BASELINE[platform])
    if any(spec.startswith("cuda") for spec in specs) and not platform.startswith("osx"):
        version = next(filter(None, (re.match(r"cuda-version\W+(\d+(\.\d+)?)", s) for s in specs)))
        words.append(f"__cuda={version[1] if version else '12.0'}")
    found = []
    for word in words:
        name, number, build = (*word.split("="), "0")[:3]
        found.append(
            rattler.GenericVirtualPackage(
                rattler.PackageName(name), rattler.Version(number), rattler.BuildString(build)
            )
        )
    return found


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
    if not asked["keep"] or asked["free"] is None:
        return []
    try:
        records = _locked(Path(asked["keep"]), platform)
    except Trouble:
        return []
    return [each for each in records if each.name.normalized not in asked["free"]]


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

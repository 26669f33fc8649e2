"""Resolves the catalogue, by `make lock`: libraries.yml (by people), libraries.json, lock.json.

Everything is resolved together once, for all systems and Pythons, so the libraries that a project
chooses are known to go together. Then each library is resolved alone under those pins: that is its
closure. The lock of a project is the union of the closures of what it chose (see lock.jinja), so
rendering needs no resolver, no network and no time. What the questions ask of the catalogue is
apart from the lock, which is large.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import yaml
from places import Closure, where
from wheels import sizes, without_wheels

HERE = Path(__file__).parent
CONDA = HERE.parent / "template" / "tools" / "env" / "managers" / "conda" / "rattler.txt"
UPLOADED = HERE / "uploaded.json"
"""When the last file of each pin was uploaded."""
SIZES = HERE / "sizes.json"
"""How much each pin is to download, as `wheels.sizes` tells it; for the start page."""

PARTS = ("libraries", "variants", "dev", "tools")
"""The lists of libraries.yml whose entries have packages."""

LOCKED = ("packages", "closures")
"""What stands in lock.json; all else is in libraries.json."""

_BLOCK = re.compile(
    r"^(?P<pin>[A-Za-z0-9][\w.-]*==\S+)(?: ; (?P<marker>.+?))?"
    r"(?P<hashes>(?: \\\n    --hash=\S+)*)\n(?P<via>(?:    #.*\n)*)",
    re.MULTILINE,
)


class Unresolvable(Exception):
    """The libraries do not go together, or one of them lacks wheels where it must have them."""


def main() -> int:
    """Write the files of the catalogue, the pins of what handles conda packages, and when all of
    that was uploaded; prints what was done.

    Exit code 1 where something cannot be resolved.
    """
    catalogue = yaml.safe_load((HERE / "libraries.yml").read_text(encoding="utf-8"))
    today = load()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            lock = build(catalogue, Path(scratch), today)
            conda = _resolve(catalogue, catalogue["conda"], Path(scratch) / "conda.txt")
            files = Path(scratch, "pylock.conda.toml")
            uploads = uploaded(_resolve(catalogue, _pinned(conda), files, offline=True))
            pylock = Path(scratch, "pylock.toml").read_text(encoding="utf-8")
            uploads |= uploaded(pylock)
        except Unresolvable as error:
            print(f"{error}\nMend catalogue/libraries.yml, then run: make lock", file=sys.stderr)
            return 1
    _write(HERE / "libraries.json", {key: lock[key] for key in lock if key not in LOCKED})
    _write(HERE / "lock.json", {key: lock[key] for key in LOCKED})
    CONDA.write_text(conda, encoding="utf-8", newline="\n")
    _write(SIZES, sizes(pylock, catalogue["python"]))
    _write(UPLOADED, dict(sorted(uploads.items())))
    print(f"lock.json: {len(lock['packages'])} packages of {len(lock['libraries'])} libraries")
    return 0


def load(folder: Path = HERE) -> dict[str, Any]:
    """The catalogue in a folder: what `build` gave."""
    files = (folder / "libraries.json", folder / "lock.json")
    choices, lock = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    return {**choices, **lock}


def build(catalogue: dict[str, Any], scratch: Path, today: dict[str, Any]) -> dict[str, Any]:
    """The catalogue for the content of libraries.yml, packages in uv's order.

    As long as `cutoff` is that of `today`, the catalogue before, its versions stay where they can:
    a new library moves no other one, and an index that changes its mind about its past moves none.

    What libraries.yml has is taken over; `require` is always a list. Each entry gets `roots`, the
    distributions that it asks for itself, and what `places.where` tells. On top of that come

    - `python_question`, see `pythons`
    - `particular`, the libraries that do not go with everything, see `particular`
    - `modules` and `distributions`, the names that importing and installing all of it takes
    - `packages`, the hashes by "name==version"
    - `closures`, by entry and "name==version", the marker ("" is everywhere) and the packages that
      asked for it
    """
    content = {
        **catalogue,
        **{part: [_listed(entry) for entry in catalogue[part]] for part in PARTS},
        "retired": {
            "libraries": [_listed(entry) for entry in catalogue["retired"]["libraries"]],
            "frameworks": catalogue["retired"]["frameworks"],
        },
    }
    lost = choosable(today) - choosable(content)
    if lost:
        raise Unresolvable(f"Projects may have {', '.join(sorted(lost))}: move it to `retired`.")
    unknown = named(content) - {entry["name"] for entry in content["libraries"]}
    if unknown:
        names = ", ".join(sorted(unknown))
        raise Unresolvable(
            f"`starter`, `frameworks`, `kinds` or `variants` names {names}, no library here."
        )
    entries = [entry for part in PARTS for entry in content[part]]
    requirements = [line for entry in entries for line in entry["require"]]
    if catalogue["cutoff"] == today["cutoff"]:  # uv keeps the pins of the file it writes to
        (scratch / "joint.txt").write_text("\n".join(today["packages"]), encoding="utf-8")
    joint = _resolve(catalogue, requirements, scratch / "joint.txt")
    closures: dict[str, Closure] = {}
    for entry in entries:
        path = scratch / f"{entry['name']}.txt"
        path.write_text(joint, encoding="utf-8")
        text = _resolve(catalogue, entry["require"], path, offline=True)
        closures[entry["name"]] = {
            block["pin"]: {"marker": block["marker"] or "", "via": _parents(block["via"])}
            for block in _BLOCK.finditer(text)
        }
    used = {pin for closure in closures.values() for pin in closure}
    packages = {  # some pins of the joint answer are for what only comes together
        block["pin"]: re.findall(r"--hash=(\S+)", block["hashes"])
        for block in _BLOCK.finditer(joint)
        if block["pin"] in used
    }
    if used - set(packages):
        strangers = ", ".join(sorted(used - set(packages)))
        raise Unresolvable(f"Resolved alone, not together: {strangers}.")
    pylock = _resolve(catalogue, _pinned(joint), scratch / "pylock.toml", offline=True)
    gaps = without_wheels(pylock, catalogue["python"])
    for entry in entries:
        entry.update(where(closures[entry["name"]], gaps, catalogue["python"]))
        if not entry["pythons"]:
            raise Unresolvable(f"{entry['name']} has no wheels for any Python on some system.")
    return {
        **content,
        "python_question": pythons(content),
        "particular": particular(content),
        "modules": sorted({entry["import"].split(".")[0] for entry in entries}),
        "distributions": list(dict.fromkeys(pin.split("==")[0] for pin in packages)),
        "packages": packages,
        "closures": closures,
    }


def uploaded(pylock: str) -> dict[str, str]:
    """When the last of its files was uploaded, for each "name==version" of a pylock.toml."""
    return {
        f"{package['name']}=={package['version']}": max(
            f"{file['upload-time']:%Y-%m-%dT%H:%M:%SZ}"
            for file in [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
        )
        for package in tomllib.loads(pylock)["packages"]
    }


def choosable(catalogue: dict[str, Any]) -> set[str]:
    """What a project can have chosen, the libraries and frameworks of today and of before."""
    retired = catalogue.get("retired", {"libraries": [], "frameworks": {}})
    libraries = [*catalogue["libraries"], *retired["libraries"]]
    return {each["name"] for each in libraries} | {*catalogue["frameworks"], *retired["frameworks"]}


def named(catalogue: dict[str, Any]) -> set[str]:
    """The libraries that the starter, a framework, a kind of work or a variant names."""
    lists = [catalogue["starter"], *catalogue["frameworks"].values()]
    lists += [kind["libraries"] for kind in catalogue["kinds"].values()]
    lists += [[variant["of"]] for variant in catalogue["variants"]]
    return set().union(*lists)


def pythons(catalogue: dict[str, Any]) -> dict[str, Any]:
    """The question of the Python: its `choices`, pairs of label and version, and the `default`.

    That is the newest for which every library has wheels on every system that counts.
    """
    lacking = {
        python: sum(python not in entry["pythons"] for entry in catalogue["libraries"])
        for python in catalogue["python"]
    }
    default = [python for python, count in lacking.items() if not count][-1]
    choices = [
        [f"{python} (without {count} of the libraries as yet)" if count else python, python]
        for python, count in lacking.items()
    ]
    choices += [
        [f"{python} (for old versions; nobody mends it since {ended})", python]
        for python, ended in reversed(catalogue["legacy"].items())
    ]
    return {"default": default, "choices": choices}


def particular(catalogue: dict[str, Any]) -> list[str]:
    """The libraries for which a Python or an accelerator matters: a project without any of them has
    all Pythons, and one build.
    """
    replaced = {entry["of"] for entry in catalogue["variants"]}
    return [
        entry["name"]
        for entry in catalogue["libraries"]
        if entry["name"] in replaced
        or entry["pythons"] != catalogue["python"]
        or entry["cuda"]
        or entry["torch"]
    ]


def _listed(entry: dict[str, Any]) -> dict[str, Any]:
    lines = entry["require"] if isinstance(entry["require"], list) else [entry["require"]]
    roots = sorted({re.split(r"[^\w.-]", line)[0].lower() for line in lines})
    return {**entry, "require": lines, "roots": roots}


def _write(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def _pinned(joint: str) -> list[str]:
    """The pins of a lock as requirements."""
    found = [(block["pin"], block["marker"]) for block in _BLOCK.finditer(joint)]
    return [f"{pin} ; {marker}" if marker else pin for pin, marker in found]


def _resolve(
    catalogue: dict[str, Any], requirements: list[str], output: Path, offline: bool = False
) -> str:
    """uv's universal answer for `requirements`, which it writes to `output`; its text."""
    source = output.with_suffix(".in")
    source.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
    argv = ["uv", "pip", "compile", "--quiet", "--universal", "--no-header", source.name]
    argv += ["--python-version", catalogue["python"][0], "--exclude-newer", catalogue["cutoff"]]
    for name, moment in catalogue["newest"].items():
        argv += ["--exclude-newer-package", f"{name}={moment}"]
    argv += ["--output-file", output.name] + ["--offline"] * offline
    argv += ["--generate-hashes"] if output.suffix == ".txt" else ["--format", "pylock.toml"]
    # uv writes the names of its files into what it makes: they must not be those of a scratch place
    done = subprocess.run(
        argv, check=False, cwd=output.parent, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    if done.returncode:
        raise Unresolvable(done.stderr.decode(errors="replace"))
    return output.read_text(encoding="utf-8")


def _parents(via: str) -> list[str]:
    """The packages in a `# via` comment; files that asked for it are left out."""
    words = re.findall(r"^    #(?: via|  ) +(\S.*)$", via, re.MULTILINE)
    return [word for word in words if not word.startswith("-r ")]


if __name__ == "__main__":
    sys.exit(main())

"""How the lock is handed to the installer: in parts, where one rule does not hold for all of it.

Builds of PyTorch for a CPU, for CUDA or for ROCm are on an index of their own each. PyTorch's own
is known to uv by the name of the build. A company's has an address: resolving finds it in
pyproject.toml, and installing takes the packages it is for from there and nowhere else.
https://docs.astral.sh/uv/guides/integration/pytorch/

Commits and directories have no hash. They are built here, and so are source archives.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from .errors import EnvError
from .manifest import folder
from .project import Project, read_text
from .requirements import Pin, is_path, notes


class Part(NamedTuple):
    """Some lines of the lock, and what holds for them."""

    requirements: Path
    names: list[str]
    again: list[str]
    """Those that must be fetched past all caches."""

    anew: list[str]
    """Those that somebody installed by hand, so that nothing proves them."""

    source: str | None = None
    """Address of the index they come from, None for the ordinary one."""

    hashed: bool = True
    tools: Path | None = None
    """Where all of them are built here: a file that holds the tools of builds to versions and
    hashes. Nothing else is built."""


def parts(
    project: Project, pins: Sequence[Pin], again: Sequence[str], anew: Sequence[str]
) -> list[Part]:
    """`pins`, those of the lock for this system, cut where another rule holds.

    The installer gets no markers: what is for this system is decided in one place. Raises EnvError
    where a directory of the lock is not there.
    """
    places = (pin.reference for pin in pins if pin.reference and is_path(pin.reference))
    gone = next((each for each in places if not (project.root / unquote(each)).exists()), None)
    if gone is not None:
        raise EnvError(
            f"{gone} is not there, and the lock asks for what is in it.",
            f"Put it beside the project, as it was, then run: {project.command('sync')}",
        )
    theirs = project.torch_packages if project.torch_index else ()
    built = (notes(read_text(project.lock)).built or "").split()
    groups: dict[str, list[Pin]] = {}
    for pin in pins:
        name = "torch" if pin.name in theirs else "others"
        if not pin.hashable:
            name = "references"
        elif pin.name in built or pin.archive:
            name = "archives"
        groups.setdefault(name, []).append(pin)
    tools = [pin for pin in pins if pin.reference is None]
    return [
        Part(
            _written(project, name, some),
            [pin.name for pin in some],
            [pin.name for pin in some if pin.name in again],
            [pin.name for pin in some if pin.name in anew],
            project.torch_index if name == "torch" else None,
            name != "references",
            _written(project, "tools", tools) if name in ("references", "archives") else None,
        )
        for name, some in sorted(groups.items(), reverse=True)
    ]


def _written(project: Project, name: str, pins: Sequence[Pin]) -> Path:
    path = folder(project.env) / f"{name}.txt"
    path.write_text("".join(f"{_line(project.root, pin)}\n" for pin in pins), encoding="utf-8")
    return path


def _line(root: Path, pin: Pin) -> str:
    """The line of a pin without its marker, and with the address of a directory."""
    if pin.reference is None or not is_path(pin.reference):
        return pin.here
    address = (root / unquote(pin.reference)).resolve().as_uri()
    return pin.here.replace(f"@ {pin.reference}", f"@ {address}", 1)

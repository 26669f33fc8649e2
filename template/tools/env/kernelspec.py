"""Offers the environment to Jupyter under the project's name, inside the environment only.

What `python -m ipykernel install --sys-prefix` writes, which would take seconds for it: all of
Jupyter is imported and compiled for the first time.
https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .difference import OTHER_KERNEL, Difference
from .managers import manager
from .manifest import Manifest
from .project import Project, sha256

_NEEDS = "ipykernel"
_ON_THE_WAY = {"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"}
"""What the shell that runs conda's scripts sets, and the Python that tells (PEP 538)."""


def register(project: Project, manifest: Manifest) -> str:
    """Write the kernel's specification where what is installed can run it; else take it away.

    A notebook that names the kernel then runs in this environment, also out of a Jupyter that lives
    elsewhere and was told of `ENV/share/jupyter` (JUPYTER_PATH). Returns the sha256 of what was
    written, "" for nothing.
    """
    folder = _folder(project)
    if folder.is_symlink():
        folder.unlink()
    if not _runs(manifest):
        import shutil  # late: a look needs it not

        shutil.rmtree(folder, ignore_errors=True)
        return ""
    kernel = {
        "language": "python",
        **_shipped(folder.with_name("python3") / "kernel.json"),
        "argv": [str(project.python_path), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": project.name,
        "env": _variables(project),
    }
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / "kernel.json.new"
    draft.write_text(json.dumps(kernel, indent=1) + "\n", encoding="utf-8")
    os.replace(draft, folder / "kernel.json")
    return sha256(folder / "kernel.json")


def differences(project: Project, manifest: Manifest) -> Iterator[Difference]:
    """Whether the specification is still what was written."""
    path = _folder(project) / "kernel.json"
    found = sha256(path)
    if found != manifest.kernel or (not found and _runs(manifest)):
        verb = "was changed or came past tools/env" if found else "is gone"
        yield Difference(OTHER_KERNEL, f"The Jupyter kernel {project.name} {verb}.")


def _folder(project: Project) -> Path:
    return project.env / "share" / "jupyter" / "kernels" / project.name


def _runs(manifest: Manifest) -> bool:
    return any(pin.partition("==")[0] == _NEEDS for pin in manifest.distributions)


def _shipped(path: Path) -> dict[str, Any]:
    """The specification that ipykernel brings: what the kernel can do, as debugging."""
    try:
        shipped: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return shipped


def _variables(project: Project) -> dict[str, str]:
    """What a shell that entered the environment has besides, so that `!pip` in a cell finds it.

    Whoever starts the kernel puts its own PATH in place of the last word.
    """
    path = os.environ.get("PATH", os.defpath)
    before = {"PATH": path, "HOME": os.path.expanduser("~")}
    inside = manager(project).entered(project, before)
    changed = {
        name: value.replace("$", "$$")
        for name, value in inside.items()
        if before.get(name) != value and name not in _ON_THE_WAY
    }
    if inside["PATH"].endswith(path):
        changed["PATH"] = inside["PATH"][: -len(path)].replace("$", "$$") + "${PATH}"
    return changed

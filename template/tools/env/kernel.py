"""Offers the environment to Jupyter under the project's name, inside the environment only.

What `python -m ipykernel install --sys-prefix` writes, which would take seconds for it: all of
Jupyter is imported and compiled for the first time.
https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable

from .project import Project

_NEEDS = "ipykernel"


def register(project: Project, distributions: Iterable[str]) -> None:
    """Write the kernel's specification where `distributions`, names, can run it; else take it away.

    A notebook that names the kernel then runs in this environment, also out of a Jupyter that lives
    elsewhere and was told of `ENV/share/jupyter` (JUPYTER_PATH).
    """
    folder = project.env / "share" / "jupyter" / "kernels" / project.name
    if _NEEDS not in distributions:
        shutil.rmtree(folder, ignore_errors=True)
        return
    python = str(project.python_path)
    kernel = {
        "argv": [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": project.name,
        "language": "python",
        "metadata": {"debugger": True},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(json.dumps(kernel, indent=1) + "\n", encoding="utf-8")

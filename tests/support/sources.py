"""Source trees that are built by a back end of their own, so that nothing has to be fetched."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_BACKEND = '''\
"""The smallest build back end (PEP 517, PEP 660)."""
import base64
import hashlib
import importlib
import os
import zipfile

NAME, VERSION, REQUIRES, MODULE = {name!r}, {version!r}, {requires!r}, {module!r}
TOOLS = [importlib.import_module(each).version for each in {tools!r}]
EXTRAS = {extras!r}
INFO = f"{{MODULE}}-{{VERSION}}.dist-info"


def _wheel(folder, files):
    lines = [f"Metadata-Version: 2.1", f"Name: {{NAME}}", f"Version: {{VERSION}}"]
    lines += [f"Requires-Dist: {{each}}" for each in REQUIRES]
    for extra, need in EXTRAS.items():
        lines += [f"Provides-Extra: {{extra}}", f"Requires-Dist: {{need}} ; extra == '{{extra}}'"]
    files[f"{{INFO}}/METADATA"] = "\\n".join(lines) + "\\n"
    files[f"{{INFO}}/WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    lines = [f"{{path}},sha256={{_digest(text)}},{{len(text)}}" for path, text in files.items()]
    files[f"{{INFO}}/RECORD"] = "\\n".join([*lines, f"{{INFO}}/RECORD,,"]) + "\\n"
    name = f"{{MODULE}}-{{VERSION}}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name


def _digest(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def build_wheel(folder, settings=None, metadata=None):
    with open(f"src/{{MODULE}}/__init__.py") as file:
        return _wheel(folder, {{f"{{MODULE}}/__init__.py": file.read() + f"tools = {{TOOLS}}\\n"}})


def build_editable(folder, settings=None, metadata=None):
    return _wheel(folder, {{f"_{{MODULE}}.pth": os.path.abspath("src") + "\\n"}})
'''
_PYPROJECT = """\
[build-system]
requires = {tools}
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "{version}"
dependencies = {requires}
{optional}"""


def tree(
    root: Path,
    name: str,
    version: str = "1.0",
    *,
    requires: tuple[str, ...] = (),
    tools: tuple[str, ...] = (),
    extras: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """A source tree at `root`, whose module tells its version; building needs the `tools`.

    `extras` are what each of them brings.
    """
    module = name.replace("-", "_")
    (root / "src" / module).mkdir(parents=True, exist_ok=True)
    (root / "src" / module / "__init__.py").write_text(f"version = {version!r}\n")
    told = {"name": name, "version": version, "requires": list(requires)}
    optional = [f'{extra} = ["{need}"]' for extra, need in extras.items()]
    optional = ["[project.optional-dependencies]", *optional] if extras else []
    told["tools"] = list(tools)
    (root / "pyproject.toml").write_text(_PYPROJECT.format(optional="\n".join(optional), **told))
    (root / "backend.py").write_text(_BACKEND.format(module=module, extras=dict(extras), **told))
    return root


def sdist(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    requires: tuple[str, ...] = (),
    tools: tuple[str, ...] = (),
) -> Path:
    """A source archive in `folder`, made of such a tree."""
    stem = f"{name.replace('-', '_')}-{version}"
    root = folder.with_name(f"{folder.name} of {stem}")
    tree(root, name, version, requires=requires, tools=tools)
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {each}" for each in requires]
    (root / "PKG-INFO").write_text("\n".join(lines) + "\n")
    path = folder / f"{stem}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(root, stem)
    return path


def git(root: Path, *words: str) -> str:
    """What a git command prints in the repository at `root`, as somebody with a name."""
    person = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    argv = ["git", "-C", str(root), *person, *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def repository(
    root: Path, name: str, version: str = "1.0", *, requires: tuple[str, ...] = ()
) -> str:
    """Such a tree in a git repository of its own, on the branch main; the full commit."""
    tree(root, name, version, requires=requires)
    git(root, "init", "--quiet", "--initial-branch=main")
    return commit(root)


def commit(root: Path) -> str:
    """Commit what is there; the full commit."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "as it is")
    return git(root, "rev-parse", "HEAD")

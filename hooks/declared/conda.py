"""environment.yml: what pip has, too, becomes a requirement; what only conda has is named.

https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html
"""

from __future__ import annotations

import re
from pathlib import Path

from . import Source, Unreadable, text_of

_ON_PYPI = {
    "pytorch": "torch", "pytorch-cpu": "torch", "pytorch-gpu": "torch", "opencv": "opencv-python",
    "py-opencv": "opencv-python", "tensorflow-gpu": "tensorflow", "py-xgboost": "xgboost",
    "matplotlib-base": "matplotlib", "dask-core": "dask", "pillow-simd": "pillow",
    "pytables": "tables", "faiss": "faiss-cpu", "python-graphviz": "graphviz",
    "seaborn-base": "seaborn", "msgpack-python": "msgpack",
    "ray-default": "ray",
}  # fmt: skip
"""Packages that PyPI has under another name, or that conda splits."""

_OF_CONDA = re.compile(
    r"_.*|cuda.*|cudatoolkit|cudnn|nccl|mkl.*|blas|openblas|lib.*|.*compilers?|gcc.*|gxx.*|gfortran.*"
    r"|r(-.*)?|nodejs|ffmpeg|graphviz|git|make|cmake|openjdk|gdal|proj|geos|pytorch-cuda|cpuonly"
    r"|ca-certificates|certifi|openssl|sqlite|tk|zlib|bzip2|xz|readline|ncurses|ld_impl.*|tzdata"
    r"|python_abi|expat|icu|hdf5|eigen|boost.*|pandoc|wget|curl|imagemagick|poppler|tesseract"
)
"""What is no Python package, or not pip's to install."""

_SPEC = re.compile(r"(?:.*::)?(?P<name>[\w.-]+)\s*(?P<rest>.*)")


def read(path: Path) -> Source:
    """One environment file. Raises Unreadable."""
    import yaml  # Copier's own dependency

    try:
        content = yaml.safe_load(text_of(path))
        entries = list(content["dependencies"])
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"it names no dependencies ({' '.join(str(error).split())})") from None
    found = Source(path.name, name=content.get("name"))
    for entry in entries:
        if isinstance(entry, dict):
            for line in entry.get("pip") or ():
                _by_pip(found, str(line))
            continue
        spec = _SPEC.fullmatch(str(entry).strip())
        if spec is None:
            found.leave(str(entry), "is no package")
            continue
        name, rest = spec["name"].lower(), _specifier(spec["rest"])
        if name == "python":
            found.python = rest or None
        elif name in ("pip", "setuptools", "wheel"):
            continue
        elif _OF_CONDA.fullmatch(name):
            found.leave(name, "comes from conda, and pip has no such package")
        else:
            found.ask(_ON_PYPI.get(name, name) + rest)
    found.name = None  # the environment's, and not the project's
    return found


def _by_pip(found: Source, line: str) -> None:
    if line in ("-e .", "."):
        return  # the project itself
    if line.startswith("-"):
        found.leave(line.split()[0], "is an option of pip's, and no requirement")
    else:
        found.ask(line)


def _specifier(rest: str) -> str:
    """`=1.2`, `=1.2.3=py39h_0`, `>=1,<2` or `1.2` as a specifier (PEP 440)."""
    rest = re.sub(r"\s*\[.*\]$", "", rest.strip())
    exact = re.fullmatch(r"(={0,2})\s*([0-9][\w.]*?)(\.?\*)?(?:[=\s]+\S+)?", rest)
    if exact:
        sign, version, star = exact.groups()
        # `=1.2` means 1.2.* to conda, and so `1.2.3` all of 1.2.3.*; three numbers are a release.
        loose = star or (sign == "=" and version.count(".") < 2)
        return f"=={version}.*" if loose else f"=={version}"
    return "" if "|" in rest or rest == "*" else rest.replace(" ", "")

"""What `check` can find: one difference between an environment and what it should be."""

from __future__ import annotations

from typing import NamedTuple

MISSING_PACKAGE = "missing-package"
EXTRA_PACKAGE = "extra-package"
WRONG_VERSION = "wrong-version"
OTHER_WHEEL = "other-wheel"
FILE_EDITED = "file-edited"
FILE_MISSING = "file-missing"
STRAY_PTH = "stray-pth"
OTHER_PYTHON = "other-python"
SHADOWED = "shadowed"
UNLOCKED = "unlocked"
WITHDRAWN = "withdrawn"
LOCKS_DIFFER = "locks-differ"
UNREADABLE = "unreadable"


class Difference(NamedTuple):
    code: str
    """Stable reason code, one of the words above."""

    message: str
    """A sentence for people."""

    package: str = ""
    """Normalized name, "" where the difference is not about one package."""

    file: str = ""
    """Path relative to site-packages, "" where it is not about one file."""

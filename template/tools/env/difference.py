"""What `check` can find: one difference between an environment and what it should be."""

from __future__ import annotations

from typing import NamedTuple

MISSING_ENV = "missing-env"
INCOMPLETE_ENV = "incomplete-env"
STALE_LOCK = "stale-lock"
MOVED_PROJECT = "moved-project"
FOREIGN_ENV = "foreign-env"
BROKEN_ENV = "broken-env"
MISSING_PACKAGE = "missing-package"
EXTRA_PACKAGE = "extra-package"
WRONG_VERSION = "wrong-version"
OTHER_WHEEL = "other-wheel"
OTHER_SOURCE = "other-source"
FILE_EDITED = "file-edited"
FILE_MISSING = "file-missing"
SYMBOLIC_LINK = "symbolic-link"
NOT_EXECUTABLE = "not-executable"
STRAY_PTH = "stray-pth"
STRAY_MODULE = "stray-module"
STALE_PROJECT = "stale-project"
OTHER_KERNEL = "other-kernel"
OTHER_PYTHON = "other-python"
SHADOWED = "shadowed"
UNLOCKED = "unlocked"
WITHDRAWN = "withdrawn"
LOCKS_DIFFER = "locks-differ"
UNREADABLE = "unreadable"
SHARED_FILE = "shared-file"
NOT_STARTING = "python-not-starting"
PYTHON_INSTEAD = "python-instead"


class Difference(NamedTuple):
    code: str
    """Stable reason code, one of the words above."""

    message: str
    """A sentence for people."""

    package: str = ""
    """Normalized name, "" where the difference is not about one package."""

    file: str = ""
    """Path relative to site-packages, "" where it is not about one file."""

    @property
    def is_note(self) -> bool:
        """Whether nobody has to mend it: the environment is as the lock asks."""
        return self.code in (SHARED_FILE, PYTHON_INSTEAD)

"""The one kind of error that reaches a user, and the exit codes (a public interface)."""

from __future__ import annotations

import re

_NETWORK = (
    "dns error|connection|connect error|sending request|certificate|timed out|timeout|network"
    "|server error"
)
_LOGIN = r"\b40[13]\b|unauthorized|forbidden|credentials"

DONE = 0
DIFFERENT = 1
WRONG_USE = 2
COULD_NOT = 3


class EnvError(Exception):
    """Something the engine cannot do, told in two sentences.

    `happened` says what is the matter, `mend` what to do about it; both are whole sentences
    without a line break. `code` is the exit code of the process.
    """

    def __init__(self, happened: str, mend: str, code: int = COULD_NOT) -> None:
        super().__init__(f"{happened} {mend}")
        self.happened = happened
        self.mend = mend
        self.code = code


class InstallerFailed(Exception):
    """uv or pip ended with an error; `output` is the end of what it printed.

    Who asked for the work knows what a person can do about it, and raises an EnvError instead.
    """

    def __init__(self, what: str, output: str) -> None:
        super().__init__(what)
        self.output = output

    def tells(self, *words: str) -> bool:
        """Whether one of `words`, in small letters, is in the output."""
        return any(word in self.output.lower() for word in words)

    @property
    def unreachable(self) -> bool:
        """Whether the output tells of a network or an index that does not answer."""
        return re.search(_NETWORK, self.output, re.IGNORECASE) is not None

    @property
    def refused(self) -> bool:
        """Whether it tells of an index that wants a login, or another one."""
        return re.search(_LOGIN, self.output, re.IGNORECASE) is not None

"""What is seen of a shell that did not enter."""

from __future__ import annotations

import re

from shells.driver import Outcome
from shells.rows import Shell


def assert_refused(ran: Outcome, shell: Shell, message: str) -> None:
    """Nothing but `message` was said, and the next line of the script saw a failure."""
    said = re.sub(shell.noise, "", ran.stderr) if shell.noise else ran.stderr
    assert said == f"{shell.helper}: {message}\n"
    if not shell.goes_on:
        assert (ran.status, ran.seen) == (1, {})
        return
    assert ran.stdout == "<<next>>\n"
    assert ran.seen["next"].status == "1"
    assert "VIRTUAL_ENV" not in ran.seen["next"].env

"""The one kind of error a person sees, and the one place that shows it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable


class UserError(Exception):
    """Something a person can mend, said in two sentences.

    `happened` says what is wrong, `remedy` what to do about it. `code` is the exit code: 1 for
    "could not", 2 for a wrong argument, configuration or input file.
    """

    def __init__(self, happened: str, remedy: str, code: int = 1) -> None:
        super().__init__(f"{happened} {remedy}")
        self.code = code


def guarded(command: Callable[[], None]) -> int:
    """Runs a command and returns its exit code, with any failure said in words on stderr.

    A mistake in the code itself still shows its traceback: there it is what helps.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name never stops a command
    try:
        command()
        sys.stdout.flush()
    except UserError as error:
        return _failed(str(error), error.code)
    except BrokenPipeError:
        # The reader (`| head`) has left; stdout must not fail once more when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        what = error.strerror or str(error)
        where = f": {error.filename}" if error.filename else ""
        return _failed(f"{what}{where}. Check permissions and free space, then run again.", 1)
    except KeyboardInterrupt as stop:
        print(f"stopped: {str(stop) or 'nothing that was under way is kept'}", file=sys.stderr)
        return 130
    return 0


def _failed(message: str, code: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code

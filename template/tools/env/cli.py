"""The command line: arguments in, one command called, text or JSON and an exit code out."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence

from . import commands, indexes
from .errors import COULD_NOT, EnvError
from .markers import PLATFORMS
from .processes import say
from .project import Project, find_root, load

Command = Callable[[Project, argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. No error leaves here as a traceback."""
    _mend_streams()
    options = _parser().parse_args(argv)
    command: Command = options.function
    try:
        for number in (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")):
            if number and signal.getsignal(number) is signal.SIG_DFL:  # nohup has it ignored
                signal.signal(number, _stop)
        code = _carried_out(command, options)
        _heard.append(0)  # there is nothing left to stop
    except KeyboardInterrupt as stopped:
        say("stopped; what is done is kept, and the same command goes on from here")
        return _end_by(stopped.args[0] if stopped.args else signal.SIGINT)
    return code


def _carried_out(command: Command, options: argparse.Namespace) -> int:
    try:
        root = find_root(options.project)
        os.environ.update(indexes.of_this_project(root, os.environ))
        if getattr(options, "offline", False):
            os.environ["UV_OFFLINE"] = "1"  # each program that is started here reads it
        code = command(load(root, os.environ), options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # who reads the answer has read enough
        _forget_output()
        return 128 + 13
    except EnvError as error:
        say(f"error: {error.happened}\n       {error.mend}")
        return error.code
    except OSError as error:
        _forget_output()
        say(f"error: The system refused: {error}.\n       Mend that, then run it again.")
        return COULD_NOT


def _mend_streams() -> None:
    """What was closed (`>&-`) leads nowhere, so that no file that is opened later takes its place.

    A path need not be in the terminal's character set, nor be text at all.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # the lowest number that is free is the closed one's
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            utf8 = stream.encoding.lower() == "utf-8"
            stream.reconfigure(errors="surrogateescape" if utf8 else "replace")


def _forget_output() -> None:
    """Let what could not be written go, or Python would complain of it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_heard: list[int] = []
"""Of the signals that stop a command, the first that came. The others change nothing."""


def _stop(number: int, frame: object) -> None:
    """Stop so that files and child processes are left in order.

    Not SIG_IGN from then on: Python complains of a signal that comes just while that is set.
    """
    if not _heard:
        _heard.append(number)
        raise KeyboardInterrupt(number)


def _end_by(number: int) -> int:
    """End by the signal itself: only then does a shell script that runs this end as well.

    https://www.cons.org/cracauer/sigint.html
    """
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, [number])
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
    return 128 + number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/env", description="Makes, checks and repairs this project's Python environment."
    )
    parser.add_argument(
        "--project", metavar="DIR", help="the project (default: the one this is in)"
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Command, text: str) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(name, help=text, description=text)
        sub.set_defaults(function=function)
        return sub

    sub = command(
        "sync", commands.sync, "bring the environment to the lock: create, install, prune, repair"
    )
    sub.add_argument("--python", metavar="X", help="version, command or path, for now and later")
    sub.add_argument("--fetch", action="store_true", help="let uv download that Python")
    sub.add_argument("--full", action="store_true", help="look for damage by hashing every file")
    sub.add_argument("--offline", action="store_true", help="use only what is in the caches")
    sub.add_argument("--from", dest="pack", metavar="PACK", help="use only what is in this pack")
    sub = command("pack", commands.pack, "put all that sync needs into one file")
    sub.add_argument("--platform", choices=[*PLATFORMS], help="for machines of this kind")
    sub.add_argument("--output", metavar="FILE", help="where to (default: in dist)")
    sub = command(
        "check", commands.check, "is the environment exactly the lock? exit code 1 if not"
    )
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub.add_argument("--fast", action="store_true", help="sizes and times in place of hashes")
    sub = command("lock", commands.lock, "resolve pyproject.toml, keeping today's pins")
    sub.add_argument("--prefer", metavar="FILE", help="a lock whose pins go before today's")
    sub.add_argument("--offline", action="store_true", help="use only what is in the caches")
    either = sub.add_mutually_exclusive_group()
    either.add_argument(
        "--upgrade", nargs="*", metavar="NAME", help="let go of these pins, of all without a name"
    )
    either.add_argument("--check", action="store_true", help="only say whether there is need to")
    _newest(sub)
    for verb, noun, text in (
        ("add", "REQUIREMENT", "add direct dependencies, then lock and sync"),
        ("remove", "NAME", "remove direct dependencies, then lock and sync"),
    ):
        sub = command(verb, commands.edit, text)
        sub.set_defaults(verb=verb, newest=[])
        sub.add_argument("words", nargs="*" if verb == "add" else "+", metavar=noun)
        if verb == "add":
            _newest(sub)
            sub.add_argument(
                "-r", "--requirements", action="append", default=[], metavar="FILE",
                help="what a requirements file asks for, too",
            )  # fmt: skip
            sub.add_argument(
                "--build", action="store_true", help="let them be built here: they have no wheel"
            )
        sub.add_argument("--dev", action="store_true", help="of the development group")
        sub.add_argument("--offline", action="store_true", help="use only what is in the caches")
    sub = command("freeze", commands.freeze, "adopt what was installed past the lock")
    sub.add_argument("--dev", action="store_true", help="into the development group")
    sub.add_argument("--offline", action="store_true", help="use only what is in the caches")
    sub = command("run", commands.run, "run a command in the environment")
    sub.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    sub = command("info", commands.info, "state, place, Python, lock and fingerprint")
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub.add_argument("--pythons", action="store_true", help="list the Pythons that will do, too")
    sub = command("delete", commands.delete, "remove the environment, if it is our own")
    sub.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def _newest(parser: argparse.ArgumentParser) -> None:
    text = "take this package in its newest version, however young"
    parser.add_argument("--newest", action="append", default=[], metavar="NAME", help=text)

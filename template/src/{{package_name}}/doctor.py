"""`poe doctor`: which devices the library sees, and whether they compute."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

from .errors import UserError, guarded


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: returns its exit code, 1 when something does not work."""
    description = "Say which devices the library sees, and whether they compute."
    argparse.ArgumentParser("doctor", description=description).parse_args(arguments)
    return guarded(examine)


def examine() -> None:
    """Prints what is there, a line each.

    Raises UserError when the library cannot be imported, or fails on a device.
    """
    print(f"python   {platform.python_version()} ({sys.executable})")
    print(f"system   {platform.platform()}")
    gpu = _driver()
    print(f"driver   {gpu or 'none (nvidia-smi does not answer)'}")
    try:
        from . import devices
    except Exception as error:  # a library that is damaged or not for this system may raise any
        happened = f"The learning library cannot be imported ({_line(error)})."
        remedy = "Bring the environment to its lock with `python tools/env sync`."
        raise UserError(happened, remedy) from None
    built = devices.build()
    kind = f", built for {built}" if built else ""
    print(f"library  {devices.LIBRARY} {_version(devices.LIBRARY)}{kind}")
    names = devices.names()
    failed = [name for name in names if not _works(name, devices.check)]
    if gpu and built and names == ["cpu"]:
        print("warning: this machine has a GPU, and the library does not use it")
        print("         its build for one: copier update --trust -d accelerator=cuda")
    if failed:
        happened = f"{devices.LIBRARY} does not work on {', '.join(failed)}."
        remedy = "Check the driver, then the environment with `python tools/env check`."
        raise UserError(happened, remedy)


def _works(name: str, check: Callable[[str], None]) -> bool:
    try:
        check(name)
    except Exception as error:  # a device may fail in any way
        print(f"device   {name}: fails ({_line(error)})")
        return False
    print(f"device   {name}: works")
    return True


def _driver() -> str | None:
    """The GPUs and their driver as NVIDIA's tool tells them, or None without an answer."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return "; ".join(done.stdout.split("\n")[:-1]) or None


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:  # installed under another name, as tensorflow-cpu
        return "of an unknown version"


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")


if __name__ == "__main__":
    sys.exit(main())

# Owned by the template.
"""A command on several machines, each held to this very environment.

    python tools/cluster launch --on dask --workers 4 -- COMMAND ...
    python tools/cluster publish > FILE    # this environment, proven: what each worker's must be
    python tools/cluster worker FILE -- COMMAND ...    # the command, in an environment that is so

`launch` does the last two by itself. Exit codes: 0 all ended with 0, 1 some did not, 2 wrong use,
3 could not; `worker` has that of its command.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys

import environment
import worker
from launch import launch


def main() -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("tools/cluster", description=__doc__, formatter_class=form)
    commands = parser.add_subparsers(dest="called", required=True)
    start = commands.add_parser("launch")
    start.add_argument("--on", required=True, choices=["dask", "ray", "slurm"])
    start.add_argument("--workers", type=int, default=2, metavar="N")
    public = commands.add_parser("publish")
    for each in (start, public):
        each.add_argument("--full", action="store_true", help="have each worker hash every file")
    held = commands.add_parser("worker")
    held.add_argument("source", metavar="FILE", help="what `publish` printed; - is a line of input")
    for each in (start, held):
        each.add_argument("command", nargs="+", metavar="COMMAND", help="after --")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if asked.called == "launch":
            return launch(asked.command, on=asked.on, workers=asked.workers, full=asked.full)
        if asked.called == "worker":
            return worker.work(asked.source, asked.command)
        print(json.dumps(environment.publish(full=asked.full)))
    except environment.CouldNot as error:
        print(error, file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


if __name__ == "__main__":
    sys.exit(main())

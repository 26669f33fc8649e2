"""A Slurm of its own on this machine: a controller and two nodes, all in one folder."""

from __future__ import annotations

import getpass
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
MISSING = [each for each in ("munged", "slurmctld", "slurmd") if not shutil.which(each, path=PATH)]
NODES = ("n1", "n2")
PATIENCE = 240

CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmdParameters=config_overrides
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=5
SchedulerParameters=sched_interval=1,bf_interval=1
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={n1} CPUs=1 RealMemory=8192
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={n2} CPUs=1 RealMemory=8192
PartitionName=all Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Cluster:
    """A Slurm that runs; its programs find it by SLURM_CONF."""

    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def call(self, *words: str) -> str:
        """What one of Slurm's programs prints; it must work."""
        environ = {**os.environ, **self.environ}
        done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def job(self, number: str) -> dict[str, str]:
        """What Slurm knows of a job, by its own names."""
        return dict(re.findall(r"(\w+)=(\S*)", self.call("scontrol", "show", "job", number)))

    def until(self, number: str, state: str) -> dict[str, str]:
        """Wait until a job is in this state; what Slurm knows of it then."""

        def reached() -> bool:
            found.update(self.job(number))
            done = found["JobState"] in ("FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")
            assert not done or found["JobState"] == state, found
            return found["JobState"] == state

        found: dict[str, str] = {}
        wait(reached)
        return found

    def release(self, number: str) -> None:
        """A job that was requeued begins soon: Slurm holds it for two minutes.

        Not at once: a node counts by seconds what it revoked, and starts no job in that one.
        """
        self.until(number, "PENDING")
        wait(lambda: "comp" not in self.call("sinfo", "--noheader", "--format=%t"))
        self.call("scontrol", "update", f"JobId={number}", "StartTime=now+3")

    def lose(self, node: str) -> None:
        """The node is gone, as in a power cut: its daemon, what it runs, and their supervisors."""
        mine = {f"SLURM_CONF={self.folder}/slurm.conf", f"SLURMD_NODENAME={node}"}
        daemon = int((self.folder / f"{node}.pid").read_text())
        runs = [each for each in _processes() if mine <= _variables(each)]
        supervisors = {_parent(each) for each in runs} - {*runs}
        for each in (daemon, *supervisors, *runs):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        # The controller finds out by itself, too, after SlurmdTimeout and more.
        self.call("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=lost")


def wait(reached: Callable[[], bool]) -> None:
    """Look until it is so; there is no other way to hear of it."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end, f"not so after {PATIENCE} s"
        time.sleep(0.1)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A Slurm whose files, sockets and ports are its own; at the end nothing of it is left."""
    made = Cluster(folder)
    (folder / "state").mkdir(parents=True)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    folder.chmod(0o755)
    ports = dict(zip(("ctld", *NODES), _free_ports(3), strict=True))
    facts = {"host": platform.node().split(".")[0], "user": getpass.getuser(), "folder": folder}
    (folder / "slurm.conf").write_text(CONF.format(**facts, **ports), encoding="utf-8")
    names = {"socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    munge = [f"--{option}={folder}/munge.{name}" for option, name in names.items()]
    with ExitStack() as ends:
        ends.callback(_end, folder)
        _start("munged", "--force", f"--key-file={key}", *munge)
        _start("slurmctld", **made.environ)
        for node in NODES:
            (folder / f"spool.{node}").mkdir()
            _start("slurmd", "-N", node, **made.environ)
        wait(lambda: made.call("sinfo", "--noheader", "--format=%t").split() == ["idle"])
        yield made
        subprocess.run(
            ["scancel", "--user", getpass.getuser()],
            env={**os.environ, **made.environ},
            check=False,
        )
        wait(lambda: not made.call("squeue", "--noheader"))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as open_ones:
        sockets = [open_ones.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _start(*words: str, **environ: str) -> None:
    """One of the daemons: it goes into the background once it works."""
    done = subprocess.run(
        [shutil.which(words[0], path=PATH) or words[0], *words[1:]],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _processes() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def _variables(process: int) -> set[str]:
    try:
        return {*Path(f"/proc/{process}/environ").read_bytes().decode(errors="replace").split("\0")}
    except OSError:
        return set()


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def _end(folder: Path) -> None:
    for name in ("ctld.pid", *(f"{node}.pid" for node in NODES), "munge.pid"):
        with_pid = folder / name
        if with_pid.exists():
            with suppress(ProcessLookupError):  # what it would save is thrown away
                os.kill(int(with_pid.read_text()), signal.SIGKILL)

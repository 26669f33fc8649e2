"""`poe doctor`: what it says of libraries that do not fit the machine; both are stand-ins."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.engine import Tiny
from support.template import ROOT
from support.wheels import wheel

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the driver's stand-in is a shell script")

(DOCTOR,) = (ROOT / "template" / "tools").glob("*doctor.py*")
TORCH = """
class version: cuda = {built!r}
class cuda:
    def is_available(): return {gpus} > 0
    def device_count(): return {gpus}
    def get_device_name(number): return "NVIDIA H100"
class backends:
    class mps:
        def is_available(): return False
class ones:
    def __init__(self, *shape, device):
        if device == {broken!r}: raise RuntimeError("no kernel image.\\nmore of it")
    def __matmul__(self, other): return self
    def sum(self): return 256**3
__version__ = "2.0"
"""
GPU = """\
#!/bin/sh
case "$*" in
    *query*) echo "NVIDIA H100, 81559 MiB, 570.86" ;;
    *) echo "| Driver Version: 570.86   CUDA Version: 12.8 |" ;;
esac
"""


def torch(built: str | None, gpus: int, broken: str = "") -> str:
    return TORCH.format(built=built, gpus=gpus, broken=broken)


SEEN = [
    pytest.param(torch(None, 0), False, 0, ["2.0, built for CPU", "cpu works"], id="no-gpu"),
    pytest.param(torch("13.0", 0), False, 0, ["2.0, built for CUDA 13.0"], id="for-a-gpu"),
    pytest.param(torch("12.6", 1), True, 0, ["cuda:0 (NVIDIA H100) works"], id="gpu"),
    pytest.param(torch(None, 0), True, 0, ["cpu works", "-d accelerator=cuda"], id="unused-gpu"),
    pytest.param(torch("13.0", 0), True, 1, ["knows CUDA 12 at most. Ask"], id="old-driver"),
    pytest.param(torch("12.6", 0), True, 1, ["is for one. See: nvidia-smi"], id="hidden-gpu"),
    pytest.param(
        torch("12.6", 1, broken="cuda:0"), True, 1, ["fails: no kernel image\n"], id="broken-gpu"
    ),
    pytest.param(
        "raise OSError('libgomp is missing')", False, 1, ["imported: libgomp", "sync"], id="import"
    ),
    pytest.param("import os; os.abort()", False, 1, ["ends its process (-6), so"], id="signal"),
]


@pytest.mark.parametrize(("library", "gpu", "code", "said"), SEEN)
def test_a_library_is_told_as_what_it_does_on_this_machine(
    project: Tiny, wheelhouse: Path, library: str, gpu: bool, code: int, said: list[str]
) -> None:
    project.lock(wheel(wheelhouse, "torch", "2.0", text=library))
    project.sync()
    done = doctor(project, gpu)
    assert done.returncode == code, done.stdout + done.stderr
    driver = "driver      NVIDIA H100, 81559 MiB, 570.86\n" if gpu else "driver      none"
    for text in ("env         ready, 1 packages\n", driver, *said):
        assert text in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("build", "gpu", "said"),
    [
        ("cpu", True, "The GPU is not used by this build. Another is had by"),
        ("cuda", False, "There is no driver for it here. The smaller one is had by"),
    ],
)
def test_of_two_builds_the_one_that_this_machine_has_not_is_named(
    project: Tiny, wheelhouse: Path, build: str, gpu: bool, said: str
) -> None:
    made = wheel(wheelhouse, "torch", "2.0", text=torch("13.0" if build == "cuda" else None, 0))
    for name in ("", "-dev", "-cuda", "-dev-cuda"):
        (project.root / f"requirements{name}.txt").write_text(made.line, encoding="utf-8")
    settings = project.root / "tools" / "env.cfg"
    text = settings.read_text(encoding="utf-8")
    locks = "lock = requirements-dev.txt requirements-dev-cuda.txt\nbuilds = cpu cuda\n"
    settings.write_text(text.replace("lock = requirements.txt\n", locks), encoding="utf-8")
    (project.root / "tools" / "env.local.cfg").write_text(f"build = {build}\n", encoding="utf-8")
    project.sync()
    done = doctor(project, gpu)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"build       {build}, since tools/env.local.cfg says so\n" in done.stdout
    other = "cuda" if build == "cpu" else "cpu"
    way = f"python tools/env sync, after a line `build = {other}` in tools/env.local.cfg"
    assert f"            {said}\n            {way}\n" in done.stdout


def test_a_driver_that_fails_is_told_in_its_own_words(ready: Tiny) -> None:
    words = "Failed to initialize NVML: Driver/library version mismatch"
    done = doctor(ready, gpu=True, program=f"#!/bin/sh\necho '{words}'\nexit 18\n")
    assert f"driver      none: {words}\n" in done.stdout


def test_an_environment_that_is_not_as_locked_is_told(ready: Tiny) -> None:
    (ready.site / "alpha" / "part.py").write_text("edited = True\n")
    done = doctor(ready, gpu=False)
    assert done.returncode == 1
    assert "not as locked, see: python tools/env check\n" in done.stdout


def doctor(project: Tiny, gpu: bool, program: str = GPU) -> subprocess.CompletedProcess[str]:
    """What it prints in the project's environment."""
    programs = project.root.parent / "programs"
    programs.mkdir()
    if gpu:
        (programs / "nvidia-smi").write_text(program)
        (programs / "nvidia-smi").chmod(0o755)
    shutil.copy(DOCTOR, project.root / "tools" / "doctor.py")
    environ = {**project.environ, "PATH": f"{programs}{os.pathsep}{os.defpath}"}
    argv = [project.python, project.root / "tools" / "doctor.py"]
    return subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)

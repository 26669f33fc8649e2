"""Images built by buildah in a chroot, on a base out of Debian's packages: no Docker, no registry.

The base is made once for a machine, and kept in the cache of the person who runs the tests.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from .engine import shared_cache

BASE = "localhost/seedbed-base:1"
PLACE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seedbed-tests/images"
CERTIFICATES = "/etc/ssl/certs"
_PACKAGES = "ca-certificates,python3,python3-venv"
_DOCKER = """\
#!/bin/sh
# The few words of docker's that the page says, by buildah.
set -e
command=$1; shift
case $command in
build)
    exec buildah bud --layers --build-arg BASE={base} {volumes} "$@" ;;
run)
    shift; image=$1; shift
    container=$(buildah from "$image")
    words='{{{{range .OCIv1.Config.Entrypoint}}}}{{{{.}}}} {{{{end}}}}'
    entry=$(buildah inspect --format "$words" "$image")
    buildah run "$container" -- $entry "$@" || {{ code=$?; buildah rm "$container"; exit $code; }}
    buildah rm "$container" > /dev/null ;;
esac
"""


@dataclass(frozen=True)
class Builder:
    environ: dict[str, str]
    """With a `docker` on PATH."""

    python: str
    """The minor version of the base's Python."""

    volumes: list[str]

    def __call__(self, *words: str) -> str:
        """What buildah prints; it must work."""
        done = subprocess.run(
            ["buildah", *words], env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def page(self, commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run the commands of a page in a project's directory."""
        return subprocess.run(
            ["bash", "-e", "-c", commands],
            cwd=folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )


def builder(programs: Path) -> Builder:
    """Buildah with its base; skips where it cannot be. `programs` is a new directory for PATH."""
    if not (shutil.which("buildah") and shutil.which("debootstrap")) or os.geteuid() != 0:
        pytest.skip("images are built by root, with the Debian packages buildah and debootstrap")
    PLACE.mkdir(parents=True, exist_ok=True)
    root = PLACE / "root"
    if not (PLACE / "complete").exists():
        shutil.rmtree(root, ignore_errors=True)
        argv = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _release(), str(root)]
        subprocess.run([*argv, *_mirror()], check=True, capture_output=True)
        (PLACE / "complete").touch()
    volumes = ["--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"]
    volumes += ["--volume", f"{shared_cache()}:/uv-cache"]
    (PLACE / "cache").mkdir(exist_ok=True)
    volumes += ["--volume", f"{PLACE / 'cache'}:/var/cache/seedbed"]
    programs.mkdir()
    text = _DOCKER.format(base=BASE, volumes=" ".join(volumes))
    (programs / "docker").write_text(text, encoding="utf-8")
    (programs / "docker").chmod(0o755)
    environ = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "BUILDAH_ISOLATION": "chroot",
        "CONTAINERS_STORAGE_CONF": str(programs / "storage.conf"),
    }
    for driver in ("overlay", "vfs"):  # the latter copies each layer, and works everywhere
        text = f'[storage]\ndriver = "{driver}"\nrunroot = "{PLACE}/run"\n'
        text += f'graphroot = "{PLACE}/{driver}"\n'
        (programs / "storage.conf").write_text(text, encoding="utf-8")
        if subprocess.run(["buildah", "info"], env=environ, capture_output=True).returncode == 0:
            break
    made = Builder(
        environ, (root / "usr/bin/python3").readlink().name.removeprefix("python"), volumes
    )
    if not made("images", "--quiet", "--filter", f"reference={BASE}"):
        container = made("from", "scratch").strip()
        made("add", "--quiet", container, str(root), "/")
        variables = [f"SSL_CERT_FILE={CERTIFICATES}/ca-certificates.crt", "UV_CACHE_DIR=/uv-cache"]
        for each in variables:
            made("config", "--env", each, container)
        made("commit", "--quiet", container, BASE)
        made("rm", container)
    return made


def _release() -> str:
    text = Path("/etc/os-release").read_text(encoding="utf-8")
    found = re.search(r"^VERSION_CODENAME=(\w+)$", text, re.MULTILINE)
    assert found, text
    return found[1]


def _mirror() -> list[str]:
    """The address that this machine has its packages from."""
    for file in Path("/etc/apt").glob("sources.list.d/*.sources"):
        found = re.search(r"^URIs: (\S+)", file.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return [found[1]]
    return []

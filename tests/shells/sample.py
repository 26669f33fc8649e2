"""The small project that the tests enter: the helper, its settings, a lock, and a ready env."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from support.template import copy_helpers

TEMPLATE = Path(__file__).parents[2] / "template"
STUBS = {"stub_engine.py": "__main__.py", "stub_sync.py": "stub_sync.py"}
MANIFEST = {
    "lock": "", "python": "3.12.1", "python_file": "", "base": "", "platform": "", "markers": {},
    "site_packages": "", "installer": "", "distributions": {}, "records": {}, "fingerprint": "",
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    root: Path
    env: Path

    @property
    def bin(self) -> str:
        return str(self.env / "bin")

    @property
    def python(self) -> str:
        return str(self.env / "bin" / "python")

    @property
    def lock(self) -> Path:
        return self.root / "requirements-dev.txt"

    def configure(self, **settings: str) -> None:
        """Write tools/env.cfg; `settings` are those that differ from the everyday ones."""
        values = {
            "name": "digits",
            "package": "",
            "python": "3.12",
            "python_minimum": "3.11",
            "manager": "venv",
            "env": ".venv",
            "lock": "requirements-dev.txt",
        }
        lines = [f"{key} = {value}\n" for key, value in {**values, **settings}.items()]
        text = "# Settings of tools/env.\n" + "".join(lines)
        (self.root / "tools" / "env.cfg").write_text(text, encoding="utf-8")

    def stamp(self, *, project: Path | str | None = None, lock: str | None = None) -> None:
        """Mark the env as made for `project` from a lock with the hash `lock`."""
        if lock is None:
            lock = hashlib.sha256(self.lock.read_bytes()).hexdigest()
        text = f"project={project or self.root}\nlock={lock}\n"
        mark = self.env / ".seedbed"
        mark.mkdir(exist_ok=True)
        (mark / "stamp").write_text(text, encoding="utf-8")
        proof = mark / "manifest.json"
        known = json.loads(proof.read_text(encoding="utf-8")) if proof.exists() else MANIFEST
        proof.write_text(json.dumps({**known, "lock": lock}), encoding="utf-8")

    def moved_env(self, place: Path) -> Sample:
        """The same project, with its env at `place`."""
        place.parent.mkdir(parents=True, exist_ok=True)
        self.env.rename(place)
        return replace(self, env=place)


def copy_engine(place: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(TEMPLATE / "tools" / "env", place, ignore=ignored, dirs_exist_ok=True)


def make_sample(root: Path, ready_env: Path) -> Sample:
    """A project at `root` whose env, a copy of `ready_env`, is in the state `ready`."""
    engine = root / "tools" / "env"
    copy_engine(engine)
    (engine / "__main__.py").rename(engine / "engine.py")
    (engine / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    (root / "src").mkdir()
    copy_helpers(root)
    for stub, name in STUBS.items():
        shutil.copy(Path(__file__).with_name(stub), engine / name)
    shutil.copytree(ready_env, root / ".venv", symlinks=True)
    sample = Sample(root, root / ".venv")
    sample.lock.write_text("attrs==25.4.0\n")
    sample.configure()
    sample.stamp()
    return sample

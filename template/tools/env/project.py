"""What the project asks for: the settings in tools/env.cfg, and what follows from them."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from .errors import WRONG_USE, EnvError

SETTINGS = "tools/env.cfg"
RUN_LOCK = "requirements.txt"
LOCAL = "tools/env.local.cfg"
"""A file that git ignores, for this machine alone: lines `index = ADDRESS` and `build = NAME`."""

PINNED = ".python-version"
"""Names the Python of uv's own commands. With manager uv it is the project's word, too."""

_KEYS = ("name", "package", "python", "python_minimum", "manager", "env", "lock")
"""Those that every project has."""

_VERSION = re.compile(r"3(\.\d+){1,2}")
_WORKON_HOME = "$WORKON_HOME/"


class Project(NamedTuple):
    root: Path
    """Absolute, symbolic links resolved."""

    name: str
    """Lower-case ASCII slug; the prompt of an active environment shows it."""

    package: str | None
    """Import name of the project's own package under src/, None where there is none to install."""

    python: str
    """The version asked for, as "3.12"."""

    python_minimum: str
    """The oldest minor version that the lock covers."""

    manager: str
    """A key of managers.MANAGERS."""

    env: Path
    """Where the environment is or will be; absolute."""

    locks: tuple[Path, ...]
    """The files that say together what the environment holds; absolute. Requirements come first."""

    pythons: tuple[str, ...] = ()
    """The minor versions that all of the lock is for; () is all from `python_minimum` on."""

    builds: tuple[str, ...] = ()
    """Those of which each has locks, the one for any machine first; () where there is but one."""

    build: str | None = None
    """The one of `builds` that counts on this machine."""

    build_why: str = ""
    """Why that one: builds.Choice."""

    torch_builds: tuple[tuple[str, str | None], ...] = ()
    """`torch_build` and `torch_index` for each of `builds`."""

    torch_build: str | None = None
    """uv's name of a build of PyTorch, as "cpu" or "cu130"; None is the ordinary index's."""

    torch_index: str | None = None
    """Address of the index that has that build, None for PyTorch's own."""

    torch_packages: tuple[str, ...] = ()
    """What comes from `torch_index`, and from nowhere else; normalized names."""

    @property
    def lock(self) -> Path:
        """The hashed requirements that `sync` installs."""
        return self.locks[self.builds.index(self.build) if self.build else 0]

    @property
    def run_lock(self) -> Path:
        """What of them is needed to run."""
        if self.build in (None, *self.builds[:1]):
            return self.root / RUN_LOCK
        return self.root / RUN_LOCK.replace(".", f"-{self.build}.")

    @property
    def every(self) -> list[Project]:
        """The project as each of its builds sees it."""
        return [self.of(build) for build in self.builds] or [self]

    def of(self, build: str) -> Project:
        """The project as one of its builds sees it."""
        torch, index = dict(zip(self.builds, self.torch_builds)).get(build, (None, None))
        return self._replace(build=build, torch_build=torch, torch_index=index)

    @property
    def python_path(self) -> Path:
        """The environment's interpreter, whether or not it exists yet."""
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    @property
    def scripts(self) -> Path:
        """The environment's directory of programs."""
        return self.env / ("Scripts" if os.name == "nt" else "bin")

    @property
    def prefix(self) -> Path:
        """The conda prefix that the environment stands on; only the manager conda makes one."""
        return self.env / "conda"

    @property
    def programs(self) -> list[Path]:
        """The directories that an active environment has first on PATH, in their order."""
        if not (self.prefix / "conda-meta").is_dir():
            return [self.scripts]
        if os.name != "nt":
            return [self.scripts, self.prefix / "bin"]
        inner = ("", "Library/mingw-w64/bin", "Library/usr/bin", "Library/bin", "Scripts")
        return [self.scripts, *(self.prefix / part for part in inner)]

    @property
    def env_label(self) -> str:
        """The environment's place as a person would say it: relative where it is inside."""
        try:
            return str(self.env.relative_to(self.root))
        except ValueError:
            return str(self.env)

    def command(self, *args: str, quoted: Callable[[str], str] | None = None) -> str:
        """An engine command for a person to paste, as short as the current directory allows.

        `quoted` gives a word as the person's shell reads it.
        """
        import shutil  # late: a `sync` with nothing to do needs no command

        engine = Path(__file__).resolve().parent
        here = Path.cwd()
        shown = engine.relative_to(here) if here in engine.parents else engine
        words = ["python3" if shutil.which("python3") else "python", str(shown)]
        if os.name == "nt":
            words[0] = "py" if shutil.which("py") else "python"
        if engine.parent.parent != self.root:
            words += ["--project", str(self.root)]
        return " ".join(map(quoted or _quote, [*words, *args]))


def load(root: Path, environ: Mapping[str, str]) -> Project:
    """Read the settings of the project at `root`; UV_PROJECT_ENVIRONMENT moves its environment.

    Raises EnvError where the settings are missing or name an impossible place.
    """
    root = root.resolve()
    values = parse_settings(_read(root))
    missing = [key for key in _KEYS if key not in values]
    if missing:
        raise EnvError(
            f"{SETTINGS} in {root} lacks {', '.join(missing)}.",
            "Bring the file back with: git checkout -- " + SETTINGS,
        )
    for key in ("python", "python_minimum"):
        if not _VERSION.fullmatch(values[key]):
            raise EnvError(
                f"{SETTINGS} asks for Python {values[key]!r}, which is not a version.",
                f"Write it like 3.12, or bring the file back: git checkout -- {SETTINGS}",
            )
    pinned = _pinned(root) if values["manager"] == "uv" else None
    if pinned and not _VERSION.fullmatch(pinned):
        raise EnvError(
            f"{PINNED} asks for Python {pinned!r}, which is not a version.",
            f"Write it like 3.12, or bring the file back: git checkout -- {PINNED}",
        )
    env = env_path(root, environ.get("UV_PROJECT_ENVIRONMENT") or values["env"], environ)
    if env == root or env in root.parents:
        raise EnvError(
            f"The environment's place, {env}, would swallow the project: it is the project's own "
            "directory or one above.",
            f"Name a directory of its own, in UV_PROJECT_ENVIRONMENT or as `env` in {SETTINGS}.",
        )
    builds = tuple(values.get("builds", "").split())
    torch = values.get("torch_build", "").split()
    indexes = [*values.get("torch_index", "").split(), *[None] * len(torch)]
    torch_builds = tuple(zip(torch, indexes))
    project = Project(
        root=root,
        name=values["name"],
        package=values["package"] or None,
        python=pinned or values["python"],
        python_minimum=values["python_minimum"],
        pythons=tuple(values.get("pythons", "").split()),
        manager=values["manager"],
        env=env,
        locks=tuple(root / name for name in values["lock"].split()),
        builds=builds,
        torch_builds=torch_builds,
        torch_build=torch[0] if torch else None,
        torch_index=values.get("torch_index") or None,
        torch_packages=tuple(values.get("torch_packages", "").split()),
    )
    if not builds:
        return project
    from .builds import VARIABLE, chosen

    said = {VARIABLE: environ.get(VARIABLE), LOCAL: local(root, "build")}
    build, why = chosen(builds, said, env, environ)
    return project.of(build)._replace(build_why=why)


def local(root: Path, key: str) -> str | None:
    """A value of LOCAL, None where it is not there. Raises EnvError where that cannot be read."""
    try:
        text = read_text(root / LOCAL)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise EnvError(
            f"{LOCAL} cannot be read: {error}.",
            "Mend that, or remove the file: it holds settings of this machine, and nothing else.",
        ) from None
    found = re.search(rf"^{key} *= *(\S+) *$", text, re.MULTILINE)
    return found[1] if found else None


def _pinned(root: Path) -> str | None:
    """The first version in PINNED, None where there is none."""
    try:
        lines = (root / PINNED).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    return next((line.strip() for line in lines if line.strip() and line[0] != "#"), None)


def parse_settings(text: str) -> dict[str, str]:
    """Lines `key = value`; the value is the rest of its line, `#` starts a comment line."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}


def env_path(root: Path, place: str, environ: Mapping[str, str]) -> Path:
    """The absolute directory that the setting `place` means for the project at `root`.

    A leading `$WORKON_HOME/` is virtualenvwrapper's directory: that variable where it is set, else
    ~/.virtualenvs. The activation helpers follow the same rule.
    """
    if place.startswith(_WORKON_HOME):
        home = environ.get("WORKON_HOME") or os.path.join(os.path.expanduser("~"), ".virtualenvs")
        place = os.path.join(home, place[len(_WORKON_HOME) :])
    # normpath, not resolve(): an environment behind a symbolic link is kept as the user named it.
    return Path(os.path.normpath(os.path.join(str(root), place)))


def read_text(path: Path, *, utf8: bool = False) -> str:
    """A file that people edit: UTF-8, or UTF-16 where its first bytes say so (PowerShell, Notepad).

    `utf8` refuses the latter, where others read the file too. Line endings become "\\n". Raises
    OSError, and ValueError that says what is in it instead.
    """
    raw = path.read_bytes()
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if wide and utf8:
        raise ValueError("it is saved as UTF-16, and has to be UTF-8")
    try:
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ValueError(f"line {line} is not UTF-8") from None
    if "\0" in text:
        raise ValueError("it holds NUL bytes, so it is not UTF-8")
    return text.replace("\r\n", "\n")


def sha256(*paths: Path) -> str:
    """Hex digest of the files' bytes, one after the other; "" where the first does not exist.

    The activation helpers work out the same, with `cat` and `sha256sum`.
    """
    if not paths[0].exists():
        return ""
    digest = hashlib.sha256()
    for path in filter(os.path.exists, paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(root: Path) -> str:
    path = root / SETTINGS
    try:
        return read_text(path, utf8=True)  # the activation helpers read it too
    except FileNotFoundError:
        raise EnvError(
            f"{root} is not a project of this template: it has no {SETTINGS}.",
            "Go to the project's directory, or name it with --project DIR.",
            WRONG_USE,
        ) from None
    except (OSError, ValueError) as error:
        raise EnvError(
            f"{path} cannot be read ({error}).",
            "Bring the file back with: git checkout -- " + SETTINGS,
        ) from None


def _quote(word: str) -> str:
    if sys.platform == "win32":
        return f'"{word}"' if " " in word else word
    import shlex  # late: most commands quote nothing

    plain = "'" in word and not re.search(r'["$`\\]|!(?!=)', word)  # a marker, say
    return f'"{word}"' if plain else shlex.quote(word)


def same_file(a: Path, b: Path) -> bool:
    """Whether both paths exist and are one file; the text of a path proves nothing."""
    try:
        return os.path.samefile(a, b)
    except OSError:
        return False


def find_root(start: str | None) -> Path:
    """The project's directory: `start` where it was named, else the one that holds this engine."""
    return Path(start) if start else Path(__file__).resolve().parents[2]

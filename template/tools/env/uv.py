"""uv: https://docs.astral.sh/uv/reference/cli/"""

from __future__ import annotations

import contextlib
import copy
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from . import indexes, withdrawn
from .errors import EnvError, InstallerFailed
from .interpreters import Interpreter, find, probe
from .manifest import make_way
from .markers import satisfies
from .processes import TO_LOCK, activated, say, stream
from .project import Project, read_text
from .requirements import normalize
from .sources import Part
from .temporary import temporary_folder

_CHATTER = re.compile(
    r" [-+~] | *(Using C?Python|Resolved|Audited|Checked|Prepared|Building|Built|Removed"
    r"|(Uni|I)nstalled) "
)
_SPOILT = re.compile(
    r"Failed to install: \S+ \(([^=)]+)==[^)]*\)\s+"
    r"cause: (?:.* is invalid|failed to (?:open|read from) file `[^`]*archive-v)"
)
"""Of a package whose files in the cache were damaged, by a power cut say: its name."""

_IN_USE = re.compile(
    r"failed to \w+ file (?:from `[^`]+` to )?`([^`]+)`:?\s+(?:Caused by: )?"
    r"(?!Input/output|Broken pipe)[^`\n]*\(os error (?:5|32)\)",
    re.IGNORECASE,
)
"""Of a file that Windows does not let go, since a program runs from it: its path. uv's hard links
make it one file of all environments. https://github.com/astral-sh/uv/issues/11134"""

_URL = re.compile(r'url = "([^"]+)"[^{\n]*\{ sha256 = "(\w+)"')
_NO_BINARY = re.compile(rb"^no-binary(-package)? *= *\[[^\]]*\]", re.MULTILINE)
_OWN = "uv.toml"

OLDEST = (0, 12)
"""The oldest uv that understands all that is asked of it here (`--exclude-newer false`)."""

HELD = "held.txt"
"""The file of lines to which the resolver is held."""

_ANY_AGE = ("--exclude-newer", "false")
"""For what installs a lock: the window has decided there."""

_BUILT_WITH = ("--build-constraint", str(withdrawn.LIST))
"""For what may build: its tools are in no lock."""


def wheels_only(buildable: Sequence[str] = ()) -> list[str]:
    """The one rule for what may be built from source, in resolving as in installing."""
    built = [word for name in buildable for word in ("--no-binary", name)]
    return ["--only-binary", ":all:", *built]


class Uv:
    """Installer and resolver; `environ` is already scrubbed of what would lead uv elsewhere."""

    def __init__(self, path: Path, name: str, project: Project, environ: Mapping[str, str]) -> None:
        self.path = path
        self.name = name
        self._project = project
        # The Python that runs this goes last: uv wants one to resolve, and PATH may have none. The
        # one beneath a venv, as uv looks for no other.
        python = getattr(sys, "_base_executable", "") or sys.executable
        places = (environ.get("PATH", os.defpath), os.path.dirname(python))
        self._locking = {**environ, "PATH": os.pathsep.join(filter(None, places))}
        self._environ = {k: v for k, v in self._locking.items() if k not in TO_LOCK}

    def of(self, project: Project) -> Uv:
        """The same for the project as another of its builds sees it."""
        other = copy.copy(self)
        other._project = project
        return other

    def install(self, part: Part) -> None:
        """Install some lines of the lock, and no dependency of them. Raises InstallerFailed.

        What is to be fetched `again` gets all of its files anew, from a source that an edited file
        elsewhere on this machine cannot have reached.
        """
        words = ["--no-deps", "-r", str(part.requirements)]
        words += [*self._build(), *self._sources()]
        hashed = part.hashed and not self._has_bounds()
        words += ["--require-hashes" if hashed else "--verify-hashes"]
        if part.tools:  # which come within the window; that of the lock has decided on the others
            self._refuse_to_build(part.names)
            words += ["--build-constraint", str(part.tools), *_BUILT_WITH]
            words += [word for name in part.names for word in ("--no-binary", name)]
        else:
            words += [*wheels_only(), *_ANY_AGE]
        for name in part.names:  # until whenever pyproject.toml lets it in
            words += ["--exclude-newer-package", f"{name}=false"]
        more, environ = self._from(part)
        words += more
        self._keep_to_constraints(words, environ)
        try:
            self._install(["pip", "install", *self._python(), *words, *_anew(part.anew)], environ)
        except InstallerFailed as error:
            if not part.tools or not error.tells("is missing an upload date"):
                raise
            label = self._project.env_label
            say(f"{label}: the index tells no upload times, so tools of builds may be of any age")
            words += _ANY_AGE
            self._install(["pip", "install", *self._python(), *words, *_anew(part.anew)], environ)
        if not part.again:
            return
        # uv links files out of its cache, so a file edited here is edited there too. The fresh copy
        # must come from elsewhere, and the tainted one must not reach the next project.
        words += [*_anew(part.again), "--no-cache"]
        words += ["--link-mode", "copy"]  # links would lead to nowhere
        self._change(["pip", "install", *self._python(), *words], environ)
        self._run(["cache", "clean", *part.again], self._environ)

    def _from(self, part: Part) -> tuple[list[str], Mapping[str, str]]:
        """How uv is told the index of a part: words, and variables."""
        if not part.source:
            return [], self._environ
        # What the machine adds to the ordinary index has no say there.
        environ = {k: v for k, v in self._environ.items() if k not in indexes.ADDED}
        return ["--default-index", part.source], environ

    def _refuse_to_build(self, names: Sequence[str]) -> None:
        """EnvError where somebody forbids it: for uv, a package that is named goes before that."""
        files = indexes.uv_files(self._environ)
        every = indexes.is_on(self._environ.get("UV_NO_BUILD"))
        every = every or re.search(r"^no-build *= *true", files, re.MULTILINE) is not None
        some = map(normalize, self._environ.get("UV_NO_BUILD_PACKAGE", "").split())
        forbidden = sorted({*names} if every else {*names} & {*some})
        if forbidden:
            raise EnvError(
                f"UV_NO_BUILD, PIP_ONLY_BINARY or a uv.toml forbids to build {', '.join(forbidden)}"
                " on this machine.",
                f"Unset it, then run: {self._project.command('sync')}",
            )

    def _has_bounds(self) -> bool:
        """Whether settings bound versions, which uv never takes together with --require-hashes.

        Then each hash of the lock is verified all the same, and each of its lines has one.
        """
        own = (self._project.root / name for name in ("pyproject.toml", _OWN))
        texts = [read_text(path) for path in own if path.exists()]
        texts += [indexes.uv_files(self._environ)]
        return any(re.search("^constraint-dependencies *=", text, re.MULTILINE) for text in texts)

    def _keep_to_constraints(self, words: list[str], environ: Mapping[str, str]) -> None:
        """EnvError where a constraint of this machine forbids what is locked.

        Asked apart: what is installed with --require-hashes takes none.
        """
        constraint = self._locking.get("UV_CONSTRAINT")
        if constraint is None:
            return
        others = [word for word in words if word != "--require-hashes"]
        argv = ["pip", "install", *self._python(), "--dry-run", "--quiet", *others]
        plain = {k: v for k, v in environ.items() if k != "UV_REQUIRE_HASHES"}
        try:
            self._run(argv, {**plain, "UV_CONSTRAINT": constraint}, quietly=True)
        except InstallerFailed as error:
            try:
                self._run(argv, environ, quietly=True)
            except InstallerFailed:
                return  # it is not for them, and the installing itself tells why
            for line in error.output.splitlines():
                say(f"  {line}")
            raise EnvError(
                f"The constraints of this machine, {constraint}, do not allow what is locked; the "
                "lines above say why.",
                f"Lock within them: {self._project.command('lock')}",
            ) from None

    def install_beside(self, library: Path, requirements: Path, interpreter: Interpreter) -> None:
        """Install the lines of a lock into a directory, for programs run by `interpreter`."""
        words = ["--python", str(interpreter.path), "--target", str(library), "--require-hashes"]
        words += ["--no-deps", *wheels_only(), "-r", str(requirements), *_ANY_AGE]
        self._install(["pip", "install", *words, *self._sources()], self._environ)

    def uninstall(self, names: Sequence[str]) -> None:
        if names:
            self._change(["pip", "uninstall", *self._python(), *names], self._environ)

    def install_project(self) -> None:
        environ = activated(self._environ, self._project)
        environ.pop("UV_REQUIRE_HASHES", None)  # a directory has none
        words = ["--no-deps", "--no-build-isolation", "--editable", str(self._project.root)]
        # A build in the cache is taken for today's as long as pyproject.toml is the same.
        words += ["--no-cache", "--link-mode", "copy", *self._sources()]
        self._run(["pip", "install", *self._python(), *words], environ)

    def compile(
        self,
        source: Path,
        output: Path,
        groups: Sequence[str],
        buildable: Sequence[str],
        options: Sequence[str] = (),
        constraints: Sequence[str] = (),
        *,
        quietly: bool = False,
    ) -> None:
        """Resolve the pyproject.toml in the directory `source` into `output`, keeping its pins.

        What HELD in `source` names is taken as it stands there.
        One answer for every system and Python from `python_minimum` on. Raises InstallerFailed,
        also where the requirements cannot be met together; `quietly` keeps its reasons unsaid.
        """
        words = ["--universal", "--no-header", "--quiet", *options]
        words += ["--generate-hashes"] if output.suffix == ".txt" else []
        words += ["--python-version", self._project.python_minimum]
        words += [word for group in groups for word in ("--group", group)]
        self._refuse_to_build(buildable)
        words += [*wheels_only(buildable), *_BUILT_WITH, "--override", HELD]
        own = self._locking.get("UV_BUILD_CONSTRAINT", "").split()
        words += [word for file in own for word in ("--build-constraint", file)]
        words += ["--output-file", str(output), *self._build(), *self._sources()]
        # By standard input: uv names a file of constraints in the comments of the lock.
        files = [Path(each) for each in self._locking.get("UV_CONSTRAINT", "").split()]
        texts = [each.read_text(encoding="utf-8") for each in (withdrawn.LIST, *files)]
        rules = output.with_name("constraints.txt")
        rules.write_text("\n".join([*texts, *constraints]), encoding="utf-8")
        words += ["--constraints", "-"]
        with rules.open("rb") as text:
            argv = ["pip", "compile", "pyproject.toml", *words]
            self._run(argv, self._locking, source, text, quietly=quietly)

    def read(self, requirements: Path) -> None:
        """Read a file of requirements and ask no index; InstallerFailed where a line is none."""
        words = ["--no-deps", "--offline", "--quiet", str(requirements)]
        self._run(["pip", "compile", *words], self._locking, requirements.parent)

    def files(self, part: Part, words: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """Address and sha256 of each wheel that its index has of a part of the lock, by package.

        `words` name the system. Raises InstallerFailed, also where a package has none for it.
        """
        output = part.requirements.with_name("pylock.toml")
        argv = ["pip", "compile", str(part.requirements), "--output-file", str(output), "--quiet"]
        argv += ["--no-deps", *wheels_only(), *_ANY_AGE, *words, *self._build(), *self._sources()]
        argv += [
            word for name in part.names for word in ("--exclude-newer-package", f"{name}=false")
        ]
        more, environ = self._from(part)
        self._run([*argv, *more], environ)
        blocks = output.read_text(encoding="utf-8").split("[[packages]]\n")[1:]
        output.unlink()
        return {block.split('"', 2)[1]: _URL.findall(block) for block in blocks}

    def unserved(self, pins: Sequence[str], place: Path) -> InstallerFailed | None:
        """Why no index gives these versions ("name==1.0") for all that a lock is for, or None.

        `place` is an empty directory to work in.
        """
        asked = place / "asked.txt"
        asked.write_text("".join(f"{pin}\n" for pin in pins), encoding="utf-8")
        words = ["--universal", "--no-deps", *wheels_only(), "--quiet", *_ANY_AGE]
        words += ["--python-version", self._project.python_minimum]
        words += [*self._build(), *self._sources()]
        try:
            self._run(["pip", "compile", str(asked), *words], self._environ, quietly=True)
        except InstallerFailed as error:
            return error
        return None

    def edit(
        self, source: Path, verb: str, words: Sequence[str], *, group: str | None = None
    ) -> None:
        """`add` or `remove` direct dependencies in the pyproject.toml in `source`, and only there.

        Those of a dependency group, or of the project itself.
        A word that begins with "-e " is a directory to be installed editable. Raises
        InstallerFailed, also for a requirement that is none or a name that is not there.
        """
        # No index is needed to know a name. uv would write one that a variable names into the file,
        # with whatever password is in it.
        environ = {k: v for k, v in self._environ.items() if "INDEX" not in k}
        options = [
            "--frozen",
            "--quiet",
            *["--no-index"] * (verb == "add"),
            *([] if group is None else ["--dev"] if group == "dev" else ["--group", group]),
        ]
        editable = [word[3:] for word in words if word.startswith("-e ")]
        others = [word for word in words if not word.startswith("-e ")]
        for more, some in (([], others), (["--editable"], editable)):
            if some:
                self._run([verb, *options, *more, "--", *some], environ, source)

    def lock(self, source: Path, pins: Sequence[str], options: Sequence[str] = ()) -> None:
        """Bring uv.lock in the directory `source` to its pyproject.toml, versions as in `pins`.

        What `pins` does not name keeps the version that uv.lock has. Raises InstallerFailed.
        """
        words = [*options, *(word for pin in pins for word in ("--upgrade-package", pin))]
        words += [*self._allowed(), *self._sources()]
        self._run(["lock", "--quiet", *words], self._locking, source)

    def export(self, source: Path, output: Path, groups: Sequence[str]) -> None:
        """The uv.lock in the directory `source` as hashed requirements, those of `groups` too.

        The project itself is left out. Raises InstallerFailed.
        """
        words = ["--frozen", "--no-emit-project", "--no-header", "--no-default-groups", "--quiet"]
        words += [word for group in groups for word in ("--group", group)]
        self._run(["export", *words, "--output-file", str(output)], self._environ, source)

    def fetch_python(self, version: str) -> None:
        """Let uv download a Python into its own place in the user's data directory."""
        allowed = os.environ.get("UV_PYTHON_DOWNLOADS", "manual")  # "never" is somebody's rule
        environ = {**self._environ, "UV_PYTHON_DOWNLOADS": allowed}
        self._run(["python", "install", version], environ)

    def _install(self, words: list[str], environ: Mapping[str, str]) -> None:
        """What the cache holds and nobody can install is thrown away, and comes anew."""
        cleaned: set[str] = set()
        while True:
            try:
                return self._change(words, environ)
            except InstallerFailed as error:
                spoilt = set(_SPOILT.findall(error.output)) - cleaned
                if not spoilt:
                    raise
            names = ", ".join(sorted(spoilt))
            say(f"{self._project.env_label}: fetching anew what is damaged in the cache: {names}")
            self._run(["cache", "clean", *spoilt], self._environ)
            # What failed is half there, and would be taken as installed.
            words = words if cleaned else [*words, "--reinstall"]
            cleaned |= spoilt

    def _change(self, words: list[str], environ: Mapping[str, str]) -> None:
        """What replaces files: one that is in use is moved out of the way, and it goes on."""
        moved: set[str] = set()
        while True:
            try:
                return self._run(words, environ)
            except InstallerFailed as error:
                used = set(_IN_USE.findall(error.output)) - moved
                if not used:
                    raise
                for path in map(os.path.normpath, used):
                    try:
                        make_way(self._project.env, Path(path))
                    except OSError:
                        raise EnvError(
                            f"{path} is in use by a program.",
                            "Close what runs in the environment (a notebook, an editor's language "
                            "server, also of another project), then run: "
                            + self._project.command("sync"),
                        ) from None
                    name = os.path.basename(path)
                    say(f"{self._project.env_label}: {name} is in use, and replaced all the same")
            moved |= used

    def _sources(self) -> list[str]:
        no_index = indexes.no_index(self._environ)
        return ["--no-index"] * no_index

    def _build(self) -> list[str]:
        """uv knows PyTorch's own indexes; one that has an address goes by that."""
        build, index = self._project.torch_build, self._project.torch_index
        return ["--torch-backend", build] if build and not index else []

    def _python(self) -> list[str]:
        return ["--python", str(self._project.python_path)]

    def _allowed(self) -> list[str]:
        """A Python that pyproject.toml allows: uv locks with no other, and looks not everywhere."""
        project, argv = self._project, [str(self._project.python_path)]
        own = probe(argv, self._environ) if project.python_path.exists() else None
        if own is None or not satisfies(own.version, project.python):
            with contextlib.suppress(EnvError):
                own = find(project, project.python, self._environ)
        return ["--python", str(own.path)] if own else []

    def _run(
        self,
        words: list[str],
        environ: Mapping[str, str],
        cwd: Path | None = None,
        text: BinaryIO | None = None,
        *,
        quietly: bool = False,
    ) -> None:
        root, argv = self._project.root, [str(self.path), *words]
        with temporary_folder("uv-") as settings:
            if words[0] == "pip" and not cwd:
                _settings_of(root, settings)
                argv += ["--project", str(settings)]
            elif cwd and words[0] != "pip" and (root / _OWN).exists():
                shutil.copy(root / _OWN, cwd)
            wanted = (lambda line: False) if quietly else _worth_saying
            done = stream(argv, environ, cwd or root, wanted, text)
        if done.code != 0:
            raise InstallerFailed(f"{self.name} failed in `uv {words[0]} {words[1]}`.", done.tail)


def _settings_of(root: Path, place: Path) -> None:
    """Make `place` look like the project at `root`, and alone.

    In the project itself uv would obey a workspace around it: its constraints, overrides, sources.
    The user's and the system's settings count there as ever; a relative path means what it did.
    What is built is named in each call: a pack has a wheel of it.
    """
    for entry in os.scandir(root):
        if entry.name not in ("pyproject.toml", "uv.lock", _OWN):
            with contextlib.suppress(OSError):  # Windows lets not everybody make links
                os.symlink(entry.path, place / entry.name)
    for path in (root / "pyproject.toml", root / _OWN):
        if path.exists():
            (place / path.name).write_bytes(_NO_BINARY.sub(b"", path.read_bytes()))


def _anew(names: Sequence[str]) -> list[str]:
    return [word for name in names for word in ("--reinstall-package", name)]


def _worth_saying(line: str) -> bool:
    """Not the list of every package, nor what the engine has said already."""
    return not _CHATTER.match(line)

"""`make pictures`: in docs/pictures/, the screen of a terminal after a real run, and its report.

A newcomer's first commands are typed into a bash in a pseudo-terminal, with this working tree as
the template, in a temporary home directory that is shown as `~`. A headless Chromium shows the
report that the training wrote. For Linux and macOS.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pexpect
import pyte
from terminal import draw

REPOSITORY = Path(__file__).resolve().parent.parent
PICTURE = REPOSITORY / "docs" / "pictures" / "first-minutes.svg"
REPORT = PICTURE.with_name("report.png")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LIBRARIES = json.loads((REPOSITORY / "catalogue" / "libraries.json").read_text("utf-8"))
PYTHON = LIBRARIES["python_question"]["default"]
COLUMNS, ROWS = 100, 60
COMMANDS = (
    "copier copy --trust --defaults --quiet --data project_name=Digits seedbed digits",
    "cd digits",
    ". ./activate.sh",
    "poe train",
)
PATIENCE = 600  # seconds for one command; the first may download


class Failed(Exception):
    """The picture could not be taken; the text says why."""


def main() -> int:
    """Exit code: 0 when the picture was taken, else 1, and the one of before is kept."""
    try:
        with tempfile.TemporaryDirectory(prefix="picture-") as folder:
            home = Path(folder).resolve()
            screen = record(home, furnish(home))
            seen = "\n".join(screen.display)
            hidden = (str(home), str(REPOSITORY), str(Path.home()), sys.base_prefix)
            if any(path in seen for path in hidden):
                raise Failed(f"A path of this machine is on the screen:\n{seen}")
            report = photograph(next(home.glob("work/digits/runs/*/report.html")), home)
    except (Failed, subprocess.CalledProcessError, pexpect.ExceptionPexpect) as error:
        print(f"{error}\nMend that, then run it again: make pictures", file=sys.stderr)
        return 1
    PICTURE.write_text(draw(screen, title="~/work/digits"), encoding="utf-8")
    REPORT.write_bytes(report)
    for each in (PICTURE, REPORT):
        print(f"{each.relative_to(REPOSITORY)}: taken")
    return 0


def furnish(home: Path) -> dict[str, str]:
    """Put all that the commands need into `home`; returns the shell's variables."""
    programs, work = home / ".local" / "bin", home / "work"
    programs.mkdir(parents=True)
    work.mkdir()
    python, uv = programs / f"python{PYTHON}", shutil.which("uv")
    if uv is None:
        raise Failed("There is no uv on PATH. Run `make pictures`, which brings one.")
    (programs / "uv").symlink_to(uv)
    python.symlink_to(interpreter())
    tools = home / ".local" / "share" / "copier"
    pins = str(REPOSITORY / "requirements.txt")
    words = ["install", "--quiet", "--python", str(tools), "--constraint", pins, "copier"]
    subprocess.run([uv, "venv", "--quiet", "--python", python, tools], check=True, cwd=home)
    subprocess.run([uv, "pip", *words], check=True, cwd=home)
    (programs / "copier").symlink_to(tools / "bin" / "copier")
    (home / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.org\n", "utf-8")
    shell = {
        "HOME": str(home),
        "PATH": os.pathsep.join([str(programs), *system_folders()]),
        "SHELL": shutil.which("bash") or "bash",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "INPUTRC": os.devnull,
        "PS1": r"\[\e[1;32m\]\w\[\e[0m\] $ ",
        # One exit code a line, the first before anything was typed.
        "PROMPT_COMMAND": f"echo $? >> {home / 'codes'}",
        **reach_packages(),
    }
    snapshot(work / "seedbed", shell)
    return shell


def record(home: Path, shell: dict[str, str]) -> pyte.Screen:
    """What the terminal shows when all is typed. Raises Failed where a command fails."""
    heard = io.BytesIO()
    bash = pexpect.spawn(
        shell["SHELL"],
        ["--noprofile", "--norc"],
        cwd=str(home / "work"),
        env=shell,
        dimensions=(ROWS, COLUMNS),
        timeout=PATIENCE,
    )
    bash.logfile_read = heard
    prompt = rb"\x1b\[0m \$ "
    bash.expect(prompt)
    for command in COMMANDS:
        bash.sendline(command)
        bash.expect(prompt)
    bash.close()
    python = home / ".local" / "bin" / f"python{PYTHON}"
    shown = heard.getvalue().replace(bytes(python.resolve()), bytes(python))
    screen = pyte.Screen(COLUMNS, ROWS)
    pyte.ByteStream(screen).feed(shown.replace(bytes(home), b"~"))
    codes = (home / "codes").read_text(encoding="utf-8").split()
    if codes != ["0"] * (len(COMMANDS) + 1):
        raise Failed("A command did not end well:\n" + "\n".join(screen.display).strip())
    return screen


def photograph(page: Path, home: Path) -> bytes:
    """The top of a page as a PNG, in the colours of a light desk."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        raise Failed("There is no Chromium on PATH. Install chromium.")
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    words += [f"--user-data-dir={home / 'profile'}", "--window-size=640,860"]
    words += [f"--screenshot={home / REPORT.name}", page.as_uri()]
    subprocess.run([program, *words], check=True, capture_output=True)
    return (home / REPORT.name).read_bytes()


def interpreter() -> str:
    """A Python of the version that the template asks for by default, as the engine finds it."""
    engine = [sys.executable, "template/tools/env", "--project", ".", "info", "--json", "--pythons"]
    said = subprocess.run(engine, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True).stdout
    for version, path in json.loads(said)["pythons"].items():
        if version.startswith(PYTHON + "."):
            return str(path)
    raise Failed(f"There is no Python {PYTHON} here. Get one with: uv python install {PYTHON}")


def system_folders() -> list[str]:
    """Where git and the system's own programs are, and no Python of a person's own."""
    git = shutil.which("git")
    if git is None:
        raise Failed("There is no git on PATH. Install git.")
    return list(dict.fromkeys([str(Path(git).parent), "/usr/bin", "/bin"]))


def reach_packages() -> dict[str, str]:
    """What this machine needs to get packages: its index, certificate, proxy and uv's cache."""
    words = ("INDEX", "CERT", "PROXY", "CACHE", "FIND_LINKS", "SSL")
    kept = {k: v for k, v in os.environ.items() if any(word in k.upper() for word in words)}
    cache = subprocess.run(["uv", "cache", "dir"], stdout=subprocess.PIPE, text=True, check=True)
    return {**kept, "UV_CACHE_DIR": cache.stdout.strip()}


def snapshot(target: Path, environ: dict[str, str]) -> None:
    """Copy what git knows or would add of the working tree into a repository with a tag."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True).stdout
    for name in os.fsdecode(listed).split("\0"):
        if name and (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target / name)
    for step in ("init --quiet", "add --all", "commit --quiet -m Snapshot", "tag v1.0.0"):
        subprocess.run(["git", *step.split()], cwd=target, env=environ, check=True)


if __name__ == "__main__":
    sys.exit(main())

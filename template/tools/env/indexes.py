"""Where packages come from: what pip was told of that counts for uv too, and the other way round.

A company says once, mostly to pip, which index, certificate or proxy its people have to use. Nobody
should have to know which of the two programs installs here.

https://pip.pypa.io/en/stable/topics/configuration/
https://docs.astral.sh/uv/reference/environment/
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .project import local

# What stands in place of the public index, or on the way to it.
_SAME = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_TRUSTED_HOST": "UV_INSECURE_HOST",
    "PIP_CERT": "SSL_CERT_FILE",
}
# What only adds to it. uv looks there first, so a file of one machine would make its locks differ
# from those of all others: uv gets these from variables, which are set for a reason.
_MORE = {"PIP_EXTRA_INDEX_URL": "UV_INDEX", "PIP_FIND_LINKS": "UV_FIND_LINKS"}
_SOURCES = re.compile(
    "index-url|extra-index-url|no-index|pypi-url|find-links|trusted-host|(client-)?cert|proxy"
    "|no-proxy-env|keyring-provider|(no-)?cache-dir|(default-)?timeout|(resume-)?retries"
)
_RULES = re.compile("(build-)?constraint|require-hashes|only-(binary|final)|uploaded-prior-to")
_OLD_NAMES = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}
ADDED = {*_MORE, *_MORE.values(), *(_OLD_NAMES[uv] for uv in _MORE.values() if uv in _OLD_NAMES)}
"""The variables that add to the ordinary index."""

_DECIDES = re.compile(
    r"^ *(resolution|fork-strategy|no-deps|no-sources|no-binary(-package)?) *="
    r"(?! *(false|\[ *\])).+",
    re.MULTILINE,
)

# Over ssh a name alone, as git@HOST, is no secret, and a command without it would be another one.
_ADDRESS = re.compile(r"(?<=://)(?!(?<=ssh://)[\w.-]+@)\S+")
# A password may hold what should have been quoted: then the last @ of the word ends it. What a
# message gives as an example is none.
_LOGIN = re.compile(r"\A(?!\[|NAME:PASSWORD@)(?:[^\s/?#]*?:(?!\d*(?:[/?#]|\Z))\S*@|[^\s/?#]*@)")
_QUERY = re.compile(r"\?[^\s#'\"`<>)\]]+")


def shared(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with what pip's files say, and each of pip and uv told what the other was told.

    A setting of a program's own goes before the other's.
    """
    bundle = environ.get("REQUESTS_CA_BUNDLE")
    files = {**({"PIP_CERT": bundle} if bundle else {}), **_pip_files(environ)}
    told = {**files, **environ}
    for pip, uv in {**_SAME, **_MORE}.items():
        own = told.get(uv) or told.get(_OLD_NAMES.get(uv, uv), "")
        counts = pip in _SAME or pip in environ or no_index(told)
        if own and not told.get(pip):
            told[pip] = _for_pip(own)
        elif told.get(pip) and not own and counts and not _uv_files_say(uv, environ):
            told[uv] = _for_uv(uv, told[pip])
    told.update(_rules(told))
    if told.get("PIP_PROXY"):  # pip knows uv's variables for this one
        told.setdefault("ALL_PROXY", told["PIP_PROXY"])
    return told


def is_source(setting: str) -> bool:
    """Whether a setting of pip's says where packages come from, or how they get here."""
    return _SOURCES.fullmatch(setting.lower().replace("_", "-")) is not None


def _rules(told: Mapping[str, str]) -> dict[str, str]:
    """For uv, what somebody forbids to pip or to uv."""
    rules = {}
    for kind in ("CONSTRAINT", "BUILD_CONSTRAINT"):  # both programs' hold, from where they were set
        files = f"{told.get('UV_' + kind, '')} {told.get('PIP_' + kind, '')}".split()
        if files:
            whole = (each if "://" in each else os.path.abspath(each) for each in files)
            rules["UV_" + kind] = " ".join(whole)
    if is_on(told.get("PIP_REQUIRE_HASHES")):
        rules["UV_REQUIRE_HASHES"] = "1"
    if told.get("PIP_ONLY_FINAL"):
        rules["UV_PRERELEASE"] = "disallow"
    wheels = {*told.get("PIP_ONLY_BINARY", "").replace(",", " ").split()} - {":none:"}
    if ":all:" in wheels:
        rules["UV_NO_BUILD"] = "1"
    elif wheels:
        also = told.get("UV_NO_BUILD_PACKAGE", "").split()
        rules["UV_NO_BUILD_PACKAGE"] = " ".join(sorted({*wheels, *also}))
    return rules


def of_this_project(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What LOCAL says, as a variable; nothing where a variable says something else already.

    Raises EnvError where it cannot be read: another index would be asked.
    """
    told = any(environ.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"))
    found = local(root, "index")
    return {"UV_DEFAULT_INDEX": found} if found and not told else {}


def only(folder: Path) -> dict[str, str]:
    """The variables with which uv and pip take packages from a folder and from nowhere else."""
    links = dict.fromkeys(("PIP_FIND_LINKS", "UV_FIND_LINKS"), folder.resolve().as_uri())
    return {**links, "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}


def no_index(environ: Mapping[str, str]) -> bool:
    """Whether no index is to be asked at all, only find-links; uv has no variable for that."""
    return is_on(environ.get("PIP_NO_INDEX"))


def offline(environ: Mapping[str, str]) -> bool:
    """Whether only what is in the caches counts; `--offline` sets the variable for all of us."""
    return is_on(environ.get("UV_OFFLINE"))


def cached(environ: Mapping[str, str]) -> bool:
    """Whether nothing but caches has packages: offline, and without a folder of them."""
    return offline(environ) and not no_index(environ)


def is_on(value: str | None) -> bool:
    """Whether the value of a variable says yes, as pip and uv read it."""
    return (value or "").lower() in ("1", "true", "yes", "on", "t", "y")


def host(environ: Mapping[str, str]) -> str | None:
    """The host of the index that stands in place of the public one, None without one."""
    address = environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL", "")
    found = re.search(r"://(?:\*{4}@)?([^/?#]+)", without_login(address))
    return found[1] if found else None


def without_login(text: str) -> str:
    """`text` with what may be secret in its addresses hidden: logins, and what follows a `?`."""
    if "://" not in text:
        return text
    return _ADDRESS.sub(lambda it: _QUERY.sub("?****", _LOGIN.sub("****@", it[0])), text)


def _for_pip(value: str) -> str:
    """One or more sources, without the names that uv lets them have, as `internal=https://...`."""
    words = re.split(r"[\s,]+", value)
    return " ".join(re.sub(r"\A[\w.-]+=(?=\w+://|/)", "", word) for word in words)


def _for_uv(name: str, value: str) -> str:
    between = "," if name == "UV_FIND_LINKS" else " "
    return between.join(os.path.expanduser(word) for word in value.split())


def _pip_files(environ: Mapping[str, str]) -> dict[str, str]:
    """What pip's configuration files say of sources, as variables for pip; later files win."""
    found: dict[str, str] = {}
    if environ.get("PIP_CONFIG_FILE") == os.devnull:
        return found
    for path in filter(os.path.isfile, _places(environ)):
        from configparser import Error, RawConfigParser  # late: most machines have no such file

        parser = RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (OSError, UnicodeDecodeError, Error):
            continue  # pip will say so itself, if it is asked
        for section in ("global", "install"):
            for key, value in parser.items(section) if parser.has_section(section) else ():
                if value and (is_source(key) or _RULES.fullmatch(key.replace("_", "-"))):
                    name = f"PIP_{key.replace('-', '_').upper()}"
                    found[name] = value
    return found


def _places(environ: Mapping[str, str]) -> Iterator[str]:
    """Where pip looks for its files, in its order."""
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    yield environ.get("PIP_CONFIG_FILE", "")
    if os.name == "nt":
        yield str(Path(environ.get("ProgramData", r"C:\ProgramData"), "pip", "pip.ini"))
        yield str(home / "pip" / "pip.ini")
        yield str(Path(environ.get("APPDATA", home), "pip", "pip.ini"))
        return
    own = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    if sys.platform == "darwin":
        yield "/Library/Application Support/pip/pip.conf"
        support = home / "Library" / "Application Support"
        own = support if (support / "pip").is_dir() else own
    else:
        for folder in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
            yield os.path.join(folder, "pip", "pip.conf")
        yield "/etc/pip.conf"
    yield str(home / ".pip" / "pip.conf")
    yield str(own / "pip" / "pip.conf")


def _uv_files_say(name: str, environ: Mapping[str, str]) -> bool:
    """Whether a configuration file of uv's own speaks of indexes; then pip's do not count there."""
    return name in ("UV_DEFAULT_INDEX", "UV_INDEX") and "index" in uv_files(environ)


def uv_files(environ: Mapping[str, str]) -> str:
    """What stands in the configuration files of uv that are this machine's, not the project's.

    https://docs.astral.sh/uv/concepts/configuration-files/
    """
    if is_on(environ.get("UV_NO_CONFIG")):
        return ""
    named = environ.get("UV_CONFIG_FILE")
    home = environ.get("HOME") or os.path.expanduser("~")
    own = environ.get("APPDATA") if os.name == "nt" else environ.get("XDG_CONFIG_HOME")
    places = [named] if named else [f"{own or home + '/.config'}/uv/uv.toml", "/etc/uv/uv.toml"]
    return "\n".join(_text(Path(place)) for place in places)


def deciding(environ: Mapping[str, str]) -> str | None:
    """The setting in this machine's files of uv that would make its locks others than those of all
    other machines, None where there is none. As a variable, such a setting is dropped.
    """
    found = _DECIDES.search(uv_files(environ))
    return found[0].strip() if found else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""

"""What a repository's own files ask for, read as their tools read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from declared import Source
from declared.project import combined, package, read
from declared.pyproject import specifier
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from env.requirements import Notes, with_notes

Rows = dict[str, tuple[dict[str, str], dict[str, Any]]]


def told(root: Path, files: dict[str, str]) -> Source:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return combined(read(root))


ROWS: Rows = {
    "a pin is a version to keep": (
        {"requirements.txt": "numpy==1.26.4\npandas>=2,<3 # tables\n"},
        {"dependencies": ["numpy", "pandas<3,>=2"], "pins": {"numpy": "1.26.4"}},
    ),
    "a build's mark is no version of an index": (
        {"requirements.txt": "torch===2.1.0+cu118\n"},
        {"dependencies": ["torch"], "pins": {"torch": "2.1.0"}},
    ),
    "a file includes another, and lines go on": (
        {"requirements.txt": "-r requirements/base.txt\na \\\n  >= 1\n",
         "requirements/base.txt": "b\n-r ../requirements.txt\n"},
        {"dependencies": ["b", "a>=1"]},
    ),
    "an option of one letter needs no space": (
        {"requirements.txt": "-rb.txt\n-cc.txt\n-e.\na\n", "b.txt": "b\n", "c.txt": "a==2\n"},
        {"dependencies": ["b", "a"], "pins": {"a": "2"}},
    ),
    "of the versions for several Pythons the newest is kept": (
        {"requirements.txt": "a==1.9; python_version < '3.8'\na==1.10; python_version >= '3.8'\n"},
        {"pins": {"a": "1.10"}},
    ),
    "what conda built is a package all the same": (
        {"requirements.txt": "a @ file:///home/conda/feedstock_root/a\n"}, {"dependencies": ["a"]},
    ),
    "each tool's own list is to develop with": (
        {"pyproject.toml": "[project]\nname = 'x'\n[tool.pdm.dev-dependencies]\nlint = ['p==1']\n"
         "[tool.rye]\ndev-dependencies = ['r']\n[tool.uv]\ndev-dependencies = ['u']\n"
         "[tool.hatch.envs.default]\ndependencies = ['h']\n[tool.hatch.envs.docs]\n"
         "dependencies = ['d']\n[tool.hatch.envs.hatch-test]\nextra-dependencies = ['t']\n"},
        {"groups": {"dev": ["p", "r", "u", "h", "t"]}, "pins": {"p": "1"}},
    ),
    "a folder in a repository and a file by its address": (
        {"pyproject.toml": "[tool.poetry.dependencies]\n"
         "g = { git = 'https://e.invalid/g', tag = 'v1', subdirectory = 'py' }\n",
         "Pipfile": "[packages]\nf = { file = 'https://e.invalid/f.whl' }\n"
         "p = { git = 'https://e.invalid/p', subdirectory = 'py' }\n"},
        {"dependencies": ["g @ git+https://e.invalid/g@v1#subdirectory=py",
                          "f @ https://e.invalid/f.whl",
                          "p @ git+https://e.invalid/p#subdirectory=py"]},
    ),
    "what compiled a list is asked for, the list gives versions": (
        {"requirements.in": "a\n", "requirements.txt": "a==1 \\\n  --hash=sha256:0\nb==2\n"},
        {"dependencies": ["a"], "pins": {"a": "1", "b": "2"}},
    ),
    "a frozen list beside declared dependencies gives versions": (
        {"setup.py": "from setuptools import setup\nsetup(install_requires=['a>=1'])\n",
         "requirements.txt": "a==1.5\nb==2\n"},
        {"dependencies": ["a>=1"], "pins": {"a": "1.5", "b": "2"}},
    ),
    "other files are to develop with, without what runs": (
        {"requirements.txt": "a\n", "requirements-test.txt": "-r requirements.txt\nc\n"},
        {"dependencies": ["a"], "groups": {"dev": ["c"]}},
    ),
    "those of the tests are to develop with, those of other parts stay there": (
        {"requirements.txt": "a\n", "tests/requirements.txt": "c\n", "docs/requirements.txt": "d"},
        {"dependencies": ["a"], "groups": {"dev": ["c"]},
         "read": {"requirements.txt", "tests/requirements.txt"}},
    ),
    "a repository keeps its commit, the project itself is none of its dependencies": (
        {"requirements.txt": "-e git+https://example.org/x.git@abc#egg=x\n-e .\n.\n"},
        {"dependencies": ["x @ git+https://example.org/x.git@abc"]},
    ),
    "a directory beside it is a source": (
        {"requirements.txt": "-e ./libs/x\n", "libs/x/setup.py": "setup(\n    name='x')\n"},
        {"dependencies": ["x"], "paths": {"x": "libs/x"}},
    ),
    "a list that PowerShell wrote is not read as if it were empty": (
        {"requirements.txt": "\ufeffa\n"},
        {"dependencies": ["a"]},
    ),
    "Poetry's signs": (
        {"pyproject.toml": '[tool.poetry]\nname = "x"\nversion = "1"\n[tool.poetry.dependencies]\n'
         'python = "^3.9"\na = "^1.2"\nb = {version = "~0.3", extras = ["c"], python = ">=3.10"}\n'
         'd = "1.0"\ne = {path = "../e"}\nf = {git = "https://example.org/f", tag = "v1"}\n'
         'g = "^1 || ^2"\n[tool.poetry.dev-dependencies]\nh = "*"\n'
         '[tool.poetry.group.docs]\noptional = true\n'
         '[tool.poetry.group.docs.dependencies]\ni = "*"'},
        {"dependencies": ["a<2.0,>=1.2", 'b[c]<0.4,>=0.3; python_version >= "3.10"', "d", "e",
                          "f @ git+https://example.org/f@v1", "g"],
         "groups": {"dev": ["h"], "docs": ["i"]}, "python": ">=3.9,<4.0",
         "pins": {"d": "1.0"}, "paths": {"e": "../e"}},
    ),
    "Pipfile and its lock": (
        {"Pipfile": '[packages]\na = "*"\nb = {version = ">=1", markers = "os_name == \'nt\'"}\n'
         '[dev-packages]\nc = "==2"\n[requires]\npython_version = "3.11"\n',
         "Pipfile.lock": '{"default": {"a": {"version": "==1.4"}}}'},
        {"dependencies": ["a", 'b>=1; os_name == "nt"'], "groups": {"dev": ["c"]},
         "pins": {"a": "1.4", "c": "2"}, "python": None},
    ),
    "setup.cfg, with what setuptools goes on to give": (
        {"setup.cfg": "[metadata]\nname = x\nversion = attr: x.v\ndescription = d\n"
         "license_files = LICENSE\n[options]\n"
         "install_requires =\n    a>=1 # why\n    b\n[options.extras_require]\nt = c\n"},
        {"name": "x", "version": None, "dependencies": ["a>=1", "b"],
         "dynamic": {"version", "description", "optional-dependencies"}},
    ),
    "setup.cfg by its older words, what its setup.py needs to run, and the extra to test with": (
        {"setup.cfg": "[metadata]\nname = x\nclassifier =\n    Programming Language :: Python :: "
         "3.10\n[options]\nsetup_requires = s>=3\n[options.extras_require]\ntesting =\n    t\n",
         "setup.py": "import pkg_resources\nfrom setuptools import setup\nsetup()\n"},
        {"build": ["s>=3", "setuptools<82"], "groups": {"dev": ["t"]}, "dependencies": []},
    ),
    "an extra to develop with, and none that people install": (
        {"pyproject.toml": '[project]\nname = "x"\ndependencies = []\n'
         '[project.optional-dependencies]\ndev = ["t"]\nplots = ["p"]\n'},
        {"dependencies": [], "groups": {"dev": ["t"]}},
    ),
    "setup.py by its names and sums, and never run": (
        {"setup.py": "import sys\nfrom setuptools import setup\nA = ['a']\nN = 'x'\n"
         "sys.exit('it was run')\nsetup(name=N, version='1', install_requires=A + ['b==2'])\n"},
        {"name": "x", "version": "1", "dependencies": ["a", "b"], "pins": {"b": "2"}},
    ),
    "conda's names and signs": (
        {"environment.yml": "name: e\ndependencies:\n- python=3.10\n- pytorch=2.1.0=py310_0\n"
         "- conda-forge::scipy>=1.9\n- pandas=2.0\n- cudatoolkit=11\n- pip:\n  - x==1\n"},
        {"name": None, "dependencies": ["torch", "scipy>=1.9", "pandas==2.0.*", "x"],
         "pins": {"torch": "2.1.0", "x": "1"}},
    ),
    "what was compiled tells versions alone, where what it is of is here": (
        {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["a"]\n',
         "requirements.txt": "# This file was autogenerated by uv via the following command:\n"
         "#    uv pip compile pyproject.toml\na==1\nb==2\n    # via a\n"},
        {"dependencies": ["a"], "pins": {"a": "1", "b": "2"}},
    ),
    "so does a lock of this template's": (
        {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["a"]\n',
         "requirements-dev.txt": with_notes(Notes(), "a==1 \\\n    --hash=sha256:0\nb==2\n")},
        {"dependencies": ["a"], "groups": {}, "pins": {"a": "1", "b": "2"}},
    ),
    "without that it is all that there is": (
        {"pyproject.toml": '[project]\nname = "x"\ndynamic = ["dependencies"]\n'
         '[dependency-groups]\ndev = ["t"]\n',
         "requirements.txt": "#\n# This file is autogenerated by pip-compile\na==1\nb==2\n"},
        {"dependencies": ["a", "b"], "groups": {"dev": ["t"]}, "pins": {"a": "1", "b": "2"}},
    ),
    "the first word for a thing goes before": (
        {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["a>=2"]\n',
         "requirements.txt": "a\nb\n", "uv.lock": '[[package]]\nname = "a"\nversion = "2.5"\n'
         '[[package]]\nname = "x"\nversion = "0"\nsource = { editable = "." }\n'},
        {"dependencies": ["a>=2", "b"], "pins": {"a": "2.5"}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_is_read(row: tuple[dict[str, str], dict[str, Any]], tmp_path: Path) -> None:
    files, expected = row
    found = told(tmp_path, files)
    assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("text", "pythons"),
    [("3.11.4\n3.10.9\n", ["==3.11.*"]), ("grains-dev\n", []), ("3\n", []), ("\n", [])],
)
def test_the_version_of_pyenv_counts_and_its_other_names_do_not(
    text: str, pythons: list[str], tmp_path: Path
) -> None:
    (tmp_path / ".python-version").write_text(text)
    assert [source.python for source in read(tmp_path)] == pythons


UNTAKEN = {
    "an index": ("requirements.txt", "-i https://me:pw@example.org/simple\n", "names an index"),
    "a company's mirror by the usual name": (
        "Pipfile", '[[source]]\nname = "pypi"\nurl = "https://me:pw@pypi.invalid/simple"\n',
        "pypi.invalid/simple is an index"),
    "an index of Poetry's": (
        "pyproject.toml", '[tool.poetry]\n[[tool.poetry.source]]\nname = "x"\n'
        'url = "https://me:pw@example.org/simple"\n', "example.org/simple is an index"),
    "one machine": ("requirements.txt", "a @ file:///pw/a\nb @ file:///b\n", "by its name"),
    "a login": ("requirements.txt", "a @ https://me:pw@example.org/a.whl\n", "has a login"),
    "a variable": ("requirements.txt", "a @ git+https://${PW}@example.org/a\n", "has a login"),
    "a wheel of this machine": ("requirements.txt", "/pw/a.whl\n", "only this machine has"),
    "no requirement": ("requirements.txt", "pw ==\n", "is no requirement"),
    "what is worked out": (
        "setup.py", "from setuptools import setup\nsetup(install_requires=f())\n", "as it runs"),
    "Python 2": ("setup.py", "print 'pw'\n", "it is not Python 3"),
    "conda's own": ("environment.yml", "dependencies: [cudatoolkit=11]\n", "comes from conda"),
    "no YAML": ("environment.yml", "dependencies: [pw\n", "names no dependencies"),
    "no TOML": ("Pipfile", "[packages\n", "is no TOML"),
    "no JSON": ("Pipfile.lock", "{", "is no lock"),
    "no UTF-8": ("setup.cfg", "[metadata]\nname = \udcff\n", "not written as UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("row", UNTAKEN.values(), ids=UNTAKEN)
def test_what_is_not_taken_is_named_without_its_login(
    row: tuple[str, str, str], tmp_path: Path
) -> None:
    name, text, why = row
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    (sentence,) = [each for source in read(tmp_path) for each in source.untaken]
    assert why in sentence
    assert "me:" not in sentence


def test_the_index_of_every_pipfile_is_no_loss(tmp_path: Path) -> None:
    index = pytest.importorskip("pip._internal.models.index")
    text = f'[[source]]\nname = "main"\nurl = "{index.PyPI.simple_url}"\n'
    (tmp_path / "Pipfile").write_text(text)
    assert [source.untaken for source in read(tmp_path)] == [[]]


PACKAGES = {
    "src": (["src/a/__init__.py", "tests/__init__.py"], "src/a"),
    "flat": (["a/__init__.py", "tests/__init__.py", "docs/__init__.py"], "a"),
    "named": (["a/__init__.py", "b_c/__init__.py"], "b_c"),
    "several": (["a/__init__.py", "x/__init__.py"], None),
    "src itself": (["src/__init__.py", "src/models/__init__.py"], "src"),
    "none": (["train.py"], None),
}


@pytest.mark.parametrize("row", PACKAGES.values(), ids=PACKAGES)
def test_the_package_is_found(row: tuple[list[str], str | None], tmp_path: Path) -> None:
    files, expected = row
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert package(tmp_path, {"project": {"name": "b-c"}}) == expected


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=3),
    st.lists(st.integers(0, 12), min_size=1, max_size=3),
    st.sampled_from("^~"),
)
def test_a_range_of_poetrys_means_the_same_as_a_specifier(
    asked: list[int], version: list[int], sign: str
) -> None:
    found = specifier(sign + ".".join(map(str, asked)))
    low, at = [*asked, 0, 0][:3], [*version, 0, 0][:3]
    # What may change: all but the first number that is not 0; or, for ~, all but the first two.
    if sign == "^":
        fixed = next((n + 1 for n, number in enumerate(asked) if number), len(asked))
    else:
        fixed = min(2, len(asked))
    holds = at >= low and at[:fixed] == low[:fixed]
    assert found is not None
    assert SpecifierSet(found).contains(".".join(map(str, at))) is holds

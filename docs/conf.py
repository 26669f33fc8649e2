"""Settings of `make site`: these pages as a site, by Sphinx, MyST and Furo.

The pages are read where they are, so a link works on GitHub, in an editor and in the site. None
has a table of contents for the site: the order is here. https://www.sphinx-doc.org/en/master/usage/configuration.html
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.append(str(Path(__file__).resolve().parent.parent / "tools"))

import page as start_page

ORDER = {
    "Begin": ["docs/tutorial"],
    "How to": [
        "docs/using",
        "docs/adopting",
        "docs/recipes",
        "docs/scaling",
        "docs/containers",
        "docs/managers",
        "docs/leaving",
    ],
    "Reference": [
        "docs/questions",
        "docs/libraries",
        "docs/commands",
        "docs/engine",
        "docs/errors",
        "docs/checks",
    ],
    "Explanation": [
        "docs/security",
        "docs/quality",
        "SECURITY",
        "docs/comparison",
        "docs/performance",
        "docs/training",
    ],
    "Teams": ["docs/teams"],
    "Maintainers": ["docs/maintaining", "CONTRIBUTING", "CHANGELOG"],
}
ELSEWHERE = "Elsewhere"
"""Where a page stands that ORDER does not name."""

IN_A_CLONE = "`make page` in a clone"
IN_THE_SITE = '<a href="docs/start/index.html">the start page</a>'
"""How the first page names the start page."""

project = "Seedbed"
root_doc = "README"
extensions = ["myst_parser"]
include_patterns = ["*.md", "docs/*.md"]
myst_heading_anchors = 4  # those of GitHub
html_theme = "furo"
html_title = project
html_favicon = "pictures/seed.svg"
html_show_sphinx = html_show_copyright = html_copy_source = False


def contents(app: Sphinx, page: str, source: list[str]) -> None:
    """The tables of contents, at the end of the page that the site begins with."""
    if page == root_doc:
        assert IN_A_CLONE in source[0]
        source[0] = source[0].replace(IN_A_CLONE, IN_THE_SITE)
        named = {each for pages in ORDER.values() for each in pages}
        others = sorted(app.env.found_docs - named - {root_doc})
        for caption, pages in {**ORDER, ELSEWHERE: others}.items():
            lines = "\n".join(each for each in pages if each in app.env.found_docs)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{lines}\n```\n"


def first_page(app: Sphinx, failed: Exception | None) -> None:
    """A server hands out index.html where no page is named. The start page is no page of Sphinx."""
    if failed is None:
        shutil.copyfile(Path(app.outdir, f"{root_doc}.html"), Path(app.outdir, "index.html"))
        place = Path(app.outdir, "docs", "start")
        shutil.copytree(start_page.DATA.parent, place, dirs_exist_ok=True)
        (place / start_page.DATA.name).write_text(start_page.script(), encoding="utf-8")
        index = place / "index.html"
        index.write_text(index.read_text(encoding="utf-8").replace('.md"', '.html"'), "utf-8")


def setup(app: Sphinx) -> None:
    app.connect("source-read", contents)
    app.connect("build-finished", first_page)

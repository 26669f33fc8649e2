"""`make site`, looked at in a headless Chromium, on a phone and on a desk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docs.pages import PAGES, name
from support.browser import CHROMIUM, Page, browser
from support.managers import serve_files
from support.template import ROOT

PHONE, DESK = 360, 1280
WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
FOUND = "document.querySelectorAll('#search-results li').length"
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on PATH"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, with each warning, as of a link that leads nowhere, a failure."""
    place = tmp_path_factory.mktemp("site")
    words = ["--quiet", "--fail-on-warning", "--keep-going", "-c", "docs", "-d", f"{place}/read"]
    sphinx = Path(sys.executable).with_name("sphinx-build")
    done = subprocess.run(
        [sphinx, *words, ".", place / "site"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return place / "site"


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with serve_files(site) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


def test_every_page_is_shown_without_an_error_and_fits_a_phone(
    site: Path, address: str, page: Page
) -> None:
    shown = {file.relative_to(site).as_posix() for file in site.rglob("*.html")}
    assert {name(each).replace(".md", ".html") for each in PAGES} <= shown
    for each in sorted(shown):
        for width in (DESK, PHONE):
            page.open(f"{address}/{each}", width)
            needed, there = page.value(WIDTHS)
            assert needed <= there, f"{each} is {needed} wide, and the window {there}"
    assert page.errors == []


def test_every_page_can_be_reached_from_the_first(site: Path) -> None:
    first = (site / "index.html").read_text(encoding="utf-8")
    for each in PAGES:
        assert f'href="{name(each).replace(".md", ".html")}' in first or each.name == "README.md"


def test_the_start_page_is_part_of_it(site: Path, address: str, page: Page) -> None:
    first = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="docs/start/index.html"' in first
    page.open(f"{address}/docs/start/index.html#framework=jax", PHONE)
    assert "framework=jax" in page.value("document.getElementById('command').textContent")
    back = page.value("document.querySelector('footer a').href")
    assert (site / "docs" / back.rpartition("/")[2]).is_file()


def test_search_finds_a_word(address: str, page: Page) -> None:
    page.open(f"{address}/search.html?q=fingerprint", DESK)
    waited = f"new Promise(done => setInterval(() => {FOUND} && done({FOUND}), 50))"
    assert page.value(waited) > 1
    assert page.errors == []

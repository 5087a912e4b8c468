"""The documentation as a site: every page of the repository, and what pages link to.

`make site`; fails where a link or an anchor leads nowhere.
"""

import logging
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / ".local" / "site" / "pages"
MERMAID = ROOT / ".tools" / "mermaid.js"  # which the Makefile fetches
LINK = re.compile(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)")


def main() -> None:
    """Gather the pages, and build."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for file in sorted(gathered()):
        target = PAGES / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    # It searches each heading for diagrams, too, and logs an error if there is none.
    logging.getLogger("markdown_svgbob").setLevel(logging.ERROR)
    config = load_config(str(ROOT / "docs" / "mkdocs.yml"), strict=True)
    if MERMAID.is_file():
        (PAGES / "assets").mkdir()
        shutil.copy(MERMAID, PAGES / "assets")
        config.extra_javascript.append("assets/mermaid.js")
    build(config)


def gathered() -> set[Path]:
    """The pages that git has, and the files they link to."""
    listed = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],  # noqa: S607 - git, wherever it is
        cwd=ROOT,
        text=True,
    )
    pages = {ROOT / name for name in listed.split()}
    return pages | {file for page in pages for file in linked(page)}


def linked(page: Path) -> Iterator[Path]:
    """What a page links to in the repository, as far as it is a file."""
    for target in LINK.findall(page.read_text("utf-8")):
        file = (page.parent / target).resolve()
        if file.is_file() and file.is_relative_to(ROOT):
            yield file


if __name__ == "__main__":
    main()

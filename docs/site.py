"""The documentation as a site: the repository's pages, what they link to, and the libraries' API.

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

from docs import reference

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / ".local" / "site" / "pages"
STYLE = ROOT / "docs" / "site.css"
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
    config = load_config(str(ROOT / "docs" / "mkdocs.yml"), strict=True)
    config.nav = [*(config.nav or []), {"API reference": reference.write(PAGES)}]
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
    return pages | {STYLE} | {file for page in pages for file in linked(page)}


def linked(page: Path) -> Iterator[Path]:
    """What a page links to in the repository, as far as it is a file."""
    for target in LINK.findall(page.read_text("utf-8")):
        file = (page.parent / target).resolve()
        if file.is_file() and file.is_relative_to(ROOT):
            yield file


if __name__ == "__main__":
    main()

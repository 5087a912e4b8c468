"""The files of the working tree, as a commit of all changes would have them."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def project_files() -> list[str]:
    """Return the path of each file that is tracked or new and not ignored, from the root."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True
    )
    return [name for name in filter(None, listed.split("\0")) if (ROOT / name).is_file()]


PACKAGES = [name for name in project_files() if Path(name).name == "pyproject.toml"]
IMAGES = [name for name in project_files() if Path(name).name == "Dockerfile"]

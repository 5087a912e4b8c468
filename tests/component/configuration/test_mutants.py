"""Every mutant of the chaos suite still applies to the code, and names an existing scenario."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.chaos.mutants import PATCHES, Mutant
from tests.support.project_files import ROOT

MUTANTS = [Mutant(file) for file in sorted(PATCHES.glob("*.patch"))]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.file.stem)
def test_patch_of_a_mutant_applies(mutant: Mutant) -> None:
    command = ["git", "apply", "--check", str(mutant.file)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.file.stem)
def test_scenario_of_a_mutant_exists(mutant: Mutant) -> None:
    file, _, name = mutant.watched_by[0].partition("::")
    text = Path(ROOT, file).read_text("utf-8")
    assert re.search(rf"def {name.partition('[')[0]}\(" if name else "def test_", text)

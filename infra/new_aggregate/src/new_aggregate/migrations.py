"""First migration of a new aggregate: the result of all migrations of users, in one file."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath

FOLDER = "migrations"
REPEATABLE = "-- MySQL commits each statement immediately; all can be repeated after a failure.\n"
STATEMENT = re.compile(r"^(CREATE TABLE|GRANT|DROP TABLE|REVOKE) ", re.MULTILINE)


def joined(files: Iterable[tuple[PurePath, str]]) -> Iterator[tuple[PurePath, str]]:
    """Yield the files, with all migrations joined into the first one, and their rollbacks likewise.

    Raise ValueError for a statement that cannot be repeated, such as ALTER TABLE.
    """
    scripts: list[tuple[PurePath, str]] = []
    for path, text in files:
        if path.parent.name == FOLDER:
            scripts.append((path, _repeatable(path, text)))
        else:
            yield path, text
    back, forth = (
        sorted(one for one in scripts if (".rollback" in one[0].name) is is_back)
        for is_back in (True, False)
    )
    yield forth[0][0], REPEATABLE + "".join(f"\n{text};\n" for _, text in forth)
    yield back[0][0], "".join(f"{text};\n" for _, text in reversed(back))


def _repeatable(path: PurePath, text: str) -> str:
    if len(STATEMENT.findall(text)) != 1:
        raise ValueError(
            f"{path} is neither CREATE TABLE nor GRANT, so it cannot be joined with others"
        )
    text = re.sub(r"^-- depends: .*\n", "", text).strip()
    text = text.replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ")
    return text.replace("DROP TABLE ", "DROP TABLE IF EXISTS ")

"""MySQL, from the distribution's packages."""

import os
import shutil
from functools import partial
from pathlib import Path

from local_stack import bootstrap, health
from local_stack.addresses import HOST
from local_stack.layout import INFRA
from local_stack.programs import Context, Program
from local_stack.software import Software


def program(context: Context) -> Program:
    data = context.instance.folder("data") / "mysql"
    return Program(
        name="mysql",
        command=[
            *mysqld(context.software),
            f"--datadir={data}",
            f"--bind-address={HOST}",
            f"--port={context.instance.port('mysql', 'sql')}",
            f"--socket={context.instance.socket('mysql')}",
            f"--pid-file={context.instance.folder('run') / 'mysql.pid'}",
        ],
        after=(),
        healthy=partial(health.mysql, context.addresses),
        prepare=partial(initialise, context, data),
        stop_within=30,
    )


def initialise(context: Context, data: Path) -> None:
    """Initialise a data folder with this instance's root password."""
    if data.exists():
        return
    part = data.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    script = context.instance.folder("run") / "mysql-root.sql"
    script.touch(mode=0o600)
    password = context.addresses.password("root")
    script.write_text(f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';\n")
    try:
        bootstrap.run(
            [
                *mysqld(context.software),
                f"--datadir={part}",
                "--initialize-insecure",
                f"--init-file={script}",
            ],
            "the initialisation of MySQL's data folder",
            context.instance.log("mysql-initialise"),
        )
    finally:
        script.unlink()
    part.rename(data)


def mysqld(software: Software) -> list[str]:
    """Return mysqld with the options needed because it is unpacked, not installed."""
    usr = software.packages / "usr"
    user = ["--user=root"] if os.getuid() == 0 else []
    return [
        *software.unpacked("usr/sbin/mysqld"),
        f"--defaults-file={INFRA / 'mysql' / 'my.cnf'}",
        f"--basedir={usr}",
        f"--lc-messages-dir={usr / 'share/mysql'}",
        f"--character-sets-dir={usr / 'share/mysql/charsets'}",
        f"--plugin-dir={usr / 'lib/mysql/plugin'}",
        "--secure-file-priv=NULL",  # the compiled-in folder does not exist
        *user,
    ]

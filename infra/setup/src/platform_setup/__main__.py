"""Start here: platform-setup JOB."""

import argparse
import sys

from chassis.interrupts import interruptible
from platform_setup import SetupError, mysql_users, schema_rule, topics

JOBS = {
    "mysql-users": mysql_users.run,
    "topics": topics.run,
    "schema-rule": schema_rule.run,
}


@interruptible()
def main() -> None:
    parser = argparse.ArgumentParser(prog="platform-setup", description=__doc__)
    parser.add_argument("job", choices=[*JOBS, "all"], help="what to make ready")
    chosen = parser.parse_args().job
    for name in JOBS if chosen == "all" else [chosen]:
        try:
            JOBS[name]()
        except SetupError as error:
            sys.exit(f"platform-setup {name}: {error}")


if __name__ == "__main__":
    main()

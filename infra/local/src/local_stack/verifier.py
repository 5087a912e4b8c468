"""Settings of view-verifier, an env file for each aggregate; an operator starts it."""

from local_stack.layout import AGGREGATES
from local_stack.programs import Context
from local_stack.service_settings import USERS, mysql_settings, opensearch_settings, redis_settings

VERIFIER = "view-verifier"


def environments(context: Context) -> dict[str, dict[str, str]]:
    """Return name of the program, prefixed with its aggregate's name → its variables."""
    databases = {"": USERS} | {f"{one.name}-": one.database for one in AGGREGATES}
    return {
        f"{prefix}{VERIFIER}": environment(context, prefix.replace("-", "_"), database)
        for prefix, database in databases.items()
    }


def environment(context: Context, prefix: str, database: str) -> dict[str, str]:
    """prefix: prefix of the aggregate's store users."""
    settings = (
        mysql_settings(context, f"{prefix}auditor", database)
        | redis_settings(context, f"{prefix}redis_projector")
        | opensearch_settings(context)
    )
    return {f"VIEW_VERIFIER_{name}": value for name, value in settings.items()}

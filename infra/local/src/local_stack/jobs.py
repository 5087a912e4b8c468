"""Jobs that set up fresh servers before services start."""

from local_stack.addresses import MYSQL_USERS
from local_stack.layout import AGGREGATES
from local_stack.programs import Context, Job
from local_stack.servers import redis
from local_stack.service_settings import USERS, mysql_settings


def jobs(context: Context) -> list[Job]:
    """Return the jobs that set up fresh servers; each does nothing if all is in place."""
    addresses = context.addresses
    setup = str(context.bin / "platform-setup")
    return [
        *redis.jobs(context),
        Job(
            "mysql-users",
            [setup, "mysql-users"],
            ("mysql",),
            {
                "SETUP_MYSQL_HOST": addresses.mysql_host,
                "SETUP_MYSQL_PORT": str(addresses.mysql_port),
                **{
                    f"SETUP_MYSQL_{user.upper()}_PASSWORD": addresses.password(user)
                    for user in MYSQL_USERS
                },
            },
        ),
        migrate(context, "", USERS),
        *(migrate(context, f"{aggregate.name}-", aggregate.database) for aggregate in AGGREGATES),
        Job(
            "topics",
            [setup, "topics"],
            tuple(context.instance.nodes("kafka")),
            {
                "SETUP_KAFKA_BOOTSTRAP": addresses.kafka_bootstrap,
                "SETUP_KAFKA_REPLICATION_FACTOR": str(context.instance.form.brokers),
            },
        ),
        Job(
            "schema-rule",
            [setup, "schema-rule"],
            ("registry",),
            {"SETUP_REGISTRY_URL": addresses.registry_url},
        ),
    ]


def migrate(context: Context, prefix: str, database: str) -> Job:
    """prefix: prefix of the aggregate's program names."""
    service = f"{prefix}command-api"
    variables = service.upper().replace("-", "_")
    migrator = mysql_settings(context, "migrator", database)
    return Job(
        f"{prefix}migrate",
        [str(context.bin / service), "migrate"],
        ("mysql-users",),
        {f"{variables}_{name}": value for name, value in migrator.items()},
    )

"""Failures of the connector that were seen or are documented, with what to do.

Traces were collected from Debezium 3.6.1, Kafka Connect 4.3.1 and Apicurio's converter 2.6.13.
"""

from dataclasses import dataclass
from enum import Enum


class Healing(Enum):
    """Remedy of a failure."""

    RESTART = "a restart, as soon as the dependency is available"
    OPERATOR = "an operator; a restart afterwards"
    SNAPSHOT = "an operator: `connector-supervisor resnapshot`"


@dataclass(frozen=True, slots=True)
class Known:
    """Pattern of a trace, and its explanation; {0}, {1} in it are the pattern's groups."""

    name: str
    pattern: str
    sentence: str
    healing: Healing


RESNAPSHOT = "run `connector-supervisor resnapshot`"
# First match wins. {0}, {1}: the pattern's groups.
KNOWN = (
    Known(
        "unparsed DDL",
        r"DDL statement couldn't be parsed.*?with the statement '(.{1,300}?)['\n]",
        "Debezium could not parse the statement `{0}`: set"
        " schema.history.internal.skip.unparseable.ddl to true",
        Healing.OPERATOR,
    ),
    Known(
        "row does not fit table",
        r"row in (\S+), internal schema size (\d+), but row size (\d+)",
        "a row of {0} has {2} values and the connector knows {1} columns: the table was changed by"
        " DDL that Debezium could not parse, or the row was written with a binlog_row_image other"
        f" than FULL; {RESNAPSHOT}",
        Healing.SNAPSHOT,
    ),
    Known(
        "row does not fit table",
        r"schema representation is probably out of sync|expected number of columns",
        "a row does not fit what the connector knows of its table: the table was changed by DDL"
        " that Debezium could not parse, or the row was written with a binlog_row_image other than"
        f" FULL; {RESNAPSHOT}",
        Healing.SNAPSHOT,
    ),
    Known(
        "table unknown",
        r"whose schema isn't known to this connector|schema history topic.*missing"
        r"|history topic or its content is fully or partially missing",
        f"the connector does not know the structure of its table; {RESNAPSHOT}",
        Healing.SNAPSHOT,
    ),
    Known(
        "unsafe MySQL setting",
        r"not configured to use a (\S+ binlog_row_image|\S+ binlog_format)",
        "MySQL is not configured to use {0}: set it, then end the sessions that began before",
        Healing.OPERATOR,
    ),
    Known(
        "binary log purged",
        r"no longer available on the server|purged required binary logs|Could not find first log"
        r"|GTIDs needed to replicate have been already purged",
        "MySQL has purged the binary log that the connector needs next: it takes a snapshot of the"
        " table by itself, and nothing is lost",
        Healing.RESTART,
    ),
    Known(
        "MySQL privilege missing",
        r"Access denied; you need (?:\(at least one of\) )?the (.{1,80}?) privilege",
        "MySQL denies the connector's user the privilege {0}: run `platform-setup mysql-users`",
        Healing.OPERATOR,
    ),
    Known(
        "MySQL login refused",
        r"Access denied for user",
        "MySQL refuses the connector's login: its password or account is another one; give the"
        " worker the right DEBEZIUM_PASSWORD, or run `platform-setup mysql-users`",
        Healing.OPERATOR,
    ),
    Known(
        "server id taken",
        r"same server_(?:uu)?id as this (?:slave|replica)|with the same server_(?:uu)?id",
        "another replica of MySQL uses this connector's database.server.id: give it one of its own",
        Healing.OPERATOR,
    ),
    Known(
        "TLS with MySQL refused",
        r"(?:mysql|binlog)[\s\S]*(?:SSLHandshakeException|CertificateException|PKIX path)",
        "MySQL's certificate is not trusted or names another host: check the trust store",
        Healing.OPERATOR,
    ),
    Known(
        "schema refused",
        r"RuleViolationException|Incompatible (?:artifact|schema)|is incompatible with an earlier",
        "the registry refuses the table's new schema as incompatible: undo the change of the column"
        " (docs/how-to-add-a-field.md)",
        Healing.OPERATOR,
    ),
    Known(
        "topic missing",
        r"UnknownTopicOrPartitionException|does not host this topic|not present in metadata",
        "a topic is missing in Kafka: run `platform-setup topics`",
        Healing.OPERATOR,
    ),
    Known(
        "Kafka denies access",
        r"(Topic|Group|Cluster|TransactionalId)AuthorizationException|SaslAuthenticationException",
        "Kafka denies the connector access: check its user and ACLs",
        Healing.OPERATOR,
    ),
    Known(
        "record too large",
        r"RecordTooLargeException",
        "an event is larger than Kafka accepts: raise max.message.bytes of its topic and"
        " producer.override.max.request.size",
        Healing.OPERATOR,
    ),
    Known(
        "value cannot be converted",
        r"Failed to properly convert data value for '([\w.]+)'|Failed converting",
        "a value does not have the type that the connector knows of its column ({0}): the table was"
        f" changed by DDL that Debezium could not parse; {RESNAPSHOT}",
        Healing.SNAPSHOT,
    ),
    Known(
        "table changed during a snapshot",
        r"Table definition has changed, please retry transaction",
        "the table was changed while a snapshot read it: the snapshot is taken again",
        Healing.RESTART,
    ),
    Known(
        "MySQL unavailable",
        r"CommunicationsException|Failed to establish connection with the database"
        r"|Failed to connect to MySQL|Failed to read next byte",
        "MySQL does not answer: see its log",
        Healing.RESTART,
    ),
    Known(
        "registry unavailable",
        r"apicurio[\s\S]*(?:RestClientException|Connection refused|timed out|UnknownHost)",
        "the schema registry does not answer: see its log",
        Healing.RESTART,
    ),
    Known(
        "Kafka unavailable",
        r"org\.apache\.kafka\.common\.errors\.(?:Timeout|Disconnect|Network|NotLeader|ProducerFenced"
        r"|InvalidProducerEpoch|NotEnoughReplicas|NotCoordinator|CoordinatorNot)\w*Exception",
        "Kafka does not answer, or another task took over: see its log",
        Healing.RESTART,
    ),
)

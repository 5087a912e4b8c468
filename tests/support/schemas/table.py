"""The Avro fields that Debezium derives from the table user_event."""

from typing import Any

import pymysql

NOT_PUBLISHED = {"idempotency_key", "request_hash"}  # see infra/connect/user-events.json
TIME = {
    "type": "string",
    "connect.version": 1,
    "connect.name": "io.debezium.time.IsoTimestamp",
}
AVRO: dict[str, Any] = {"char": "string", "varchar": "string", "int": "long", "datetime": TIME}


def avro_fields(connection: "pymysql.Connection[Any]", database: str) -> list[dict[str, Any]]:
    """Return the fields of the table in this database, in column order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
            "WHERE table_schema = %s AND table_name = 'user_event' ORDER BY ordinal_position",
            [database],
        )
        return [
            _field(name, AVRO[data_type], is_nullable == "YES")
            for name, data_type, is_nullable in cursor.fetchall()
            if name not in NOT_PUBLISHED
        ]


def _field(name: str, type_: Any, is_optional: bool) -> dict[str, Any]:  # noqa: FBT001 - private
    if is_optional:
        return {"name": name, "type": ["null", type_], "default": None}
    return {"name": name, "type": type_}

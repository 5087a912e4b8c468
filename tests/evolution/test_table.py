"""The table that the migrations lead to, and the contract, say the same."""

import pymysql
import pytest
from doors import as_root
from table import avro_fields

from local_stack.addresses import Addresses
from user_contracts import avro_schema


@pytest.mark.integration
def test_the_migrated_table_has_the_contract_s_fields(stack: Addresses) -> None:
    with pymysql.connect(**as_root(stack)) as connection:
        assert avro_fields(connection, stack.mysql_database) == avro_schema()["fields"]

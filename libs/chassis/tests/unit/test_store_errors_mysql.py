"""Each error class and each error number of MySQL is classified."""

import pytest
from asyncmy import errors as asyncmy_classes
from asyncmy.constants import CR, ER

from chassis.stores.errors import mysql
from tests.support.stores.error_classes import classes, is_retried


def test_every_class_of_asyncmy_is_classified() -> None:
    assert classes("asyncmy.errors") == set(mysql.WITHOUT_NUMBER)


@pytest.mark.parametrize("words", ["the handler is closed", "the transport does not expose socket"])
def test_call_on_a_closed_connection_is_retried(words: str) -> None:
    assert is_retried(mysql.classify(RuntimeError(words)))
    assert mysql.classify(RuntimeError("another bug")) is None


@pytest.mark.parametrize("kind", mysql.WITHOUT_NUMBER)
def test_mysql_error_without_a_number_is_classified_by_its_class(kind: type[Exception]) -> None:
    assert is_retried(mysql.classify(kind("why"))) is mysql.WITHOUT_NUMBER[kind]


def test_pymysql_has_the_same_classes_as_asyncmy() -> None:
    of_asyncmy = {kind.__name__ for kind in classes("asyncmy.errors")}
    assert of_asyncmy >= {kind.__name__ for kind in classes("pymysql.err")}


def numbers() -> dict[int, str]:
    return {
        number: name
        for module in (ER, CR)
        for name, number in vars(module).items()
        if isinstance(number, int)
    }


@pytest.mark.parametrize("number", sorted(numbers()))
def test_every_mysql_error_number_is_classified_by_the_table(number: int) -> None:
    failure = mysql.classify(asyncmy_classes.OperationalError(number, "why"))
    assert is_retried(failure) is (number in mysql.TRANSIENT)


@pytest.mark.parametrize(
    ("number", "is_transient"),
    [
        (1040, True),  # too many connections
        (1044, False),  # no right to the database
        (1045, False),  # wrong password
        (1049, False),  # no such database
        (1054, False),  # no such column
        (1064, False),  # syntax
        (1114, True),  # the disk is full
        (1142, False),  # no right to the table
        (1146, False),  # no such table
        (1153, False),  # the packet is too large
        (1205, True),  # lock wait timeout
        (1213, True),  # deadlock
        (1290, True),  # --read-only
        (1317, True),  # KILL QUERY
        (1366, False),  # an impossible value
        (1406, False),  # data too long
        (1836, True),  # read-only mode
        (2003, True),  # cannot connect
        (2013, True),  # connection lost
        (3024, True),  # max_execution_time
    ],
)
def test_common_mysql_errors_are_classified(number: int, *, is_transient: bool) -> None:
    assert (
        is_retried(mysql.classify(asyncmy_classes.OperationalError(number, "why"))) is is_transient
    )

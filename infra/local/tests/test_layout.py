import json
from dataclasses import asdict
from pathlib import Path

import pytest

from local_stack import StackError, addresses, layout, stack
from local_stack.layout import PORTS, Instance, Topology


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    return tmp_path


def test_no_two_programs_share_a_port() -> None:
    ports = [port for purposes in PORTS.values() for port in purposes.values()]
    assert len(ports) == len(set(ports))


def test_two_instances_share_no_address_and_no_folder() -> None:
    dev, test = (asdict(addresses.of(Instance(*one))) for one in (("dev", 0), ("test", 10000)))
    same = {name for name in dev if dev[name] == test[name]}
    assert same == {"mysql_host", "mysql_database", "form"}


def test_saved_addresses_are_loaded_with_passwords() -> None:
    saved = addresses.save(Instance("unit", 7))
    assert addresses.load("unit") == saved
    assert len(saved.password("root")) > 20
    assert addresses.recorded("unit", None, {}).port_offset == 7


def test_instance_keeps_its_number_of_nodes() -> None:
    three = {"brokers": 3}
    saved = addresses.save(addresses.recorded("unit", None, three))
    assert saved.kafka_bootstrap == "127.0.0.1:9092,127.0.0.1:9192,127.0.0.1:9292"
    assert not saved.is_redis_cluster
    assert addresses.recorded("unit", None, {}).form == Topology(brokers=3)
    assert addresses.recorded("unit", None, three).form == Topology(brokers=3)
    with pytest.raises(StackError, match=r"has Topology\(brokers=3.* clean --instance unit"):
        addresses.recorded("unit", None, {"brokers": 1})


def test_a_cluster_of_redis_has_a_replica_for_each_master() -> None:
    cluster = addresses.of(Instance("unit", 0, Topology(redis_masters=3)))
    assert cluster.is_redis_cluster
    assert len(cluster.redis_address.split(",")) == 6


def test_addresses_of_an_older_version_are_loaded() -> None:
    saved = addresses.save(Instance("unit", 7))
    Instance("unit").addresses_file.write_text('{"port_offset": 7, "gone_url": "x"}')
    assert addresses.load("unit") == saved


def test_passwords_are_private_and_stable() -> None:
    first = addresses.save(Instance("unit"))
    file = Path(first.secrets) / "debezium"
    assert file.stat().st_mode & 0o777 == 0o600
    assert addresses.save(Instance("unit")).password("debezium") == first.password("debezium")


def test_the_addresses_file_holds_no_password() -> None:
    saved = addresses.save(Instance("unit"))
    text = Instance("unit").addresses_file.read_text()
    assert json.loads(text)["secrets"] == saved.secrets
    assert saved.password("root") not in text


def test_unknown_instance_is_reported_by_name() -> None:
    with pytest.raises(StackError, match="no instance 'nowhere'"):
        addresses.load("nowhere")


def test_a_long_path_moves_the_socket_to_the_temporary_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(str(Instance("a" * 120).socket("mysql"))) <= layout.LONGEST_SOCKET_PATH
    monkeypatch.setattr(layout, "ROOT", Path("/tmp/p"))  # noqa: S108  a short path, not a file
    assert Instance("unit").socket("mysql") == Path("/tmp/p/.local/unit/run/mysql.sock")  # noqa: S108


def test_only_a_start_leaves_a_folder_of_sockets_and_clean_removes_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(root))
    instance = Instance("a" * 120)
    folder = instance.socket("supervisor").parent
    assert not folder.exists()
    folder.mkdir()
    stack.clean(instance)
    assert list(root.glob("people-*")) == []

"""Client memory: which connections are closed at the bound, and that all memory is released."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from chassis.limits import client_memory
from chassis.limits.client_memory import KEPT, ClientMemory
from chassis.observability.log_limit import LogLimit

BOUND = 1_000


@dataclass(eq=False)
class Client:
    """A connection that holds a given number of bytes, and closes in the next turn of the loop."""

    memory: ClientMemory
    address: str
    size: int = 0
    counted: int = 0
    bound: int = 0
    ended: list["Client"] = field(default_factory=list)

    def held(self) -> int:
        return self.size

    def hold(self, size: int) -> None:
        self.size = size
        self.memory.count(self)


def joined(memory: ClientMemory, address: str, ended: list[Client]) -> Client:
    client = Client(memory, address, ended=ended)
    memory.add(client, BOUND, lambda: ended.append(client))
    return client


@pytest.fixture
def memory() -> ClientMemory:
    return ClientMemory()


def test_sum_below_the_bound_closes_no_connection(memory: ClientMemory) -> None:
    ended: list[Client] = []
    for address in ("a", "b"):
        joined(memory, address, ended).hold(BOUND // 2)
    assert (ended, memory.live) == ([], BOUND)


def test_largest_connection_of_the_largest_client_is_closed_first(
    memory: ClientMemory,
) -> None:
    ended: list[Client] = []
    large = joined(memory, "a", ended)
    large.hold(400)
    small, middle, newest = (joined(memory, "z", ended) for _ in range(3))
    small.hold(100)
    middle.hold(250)
    newest.hold(251)
    assert ended == [newest]
    assert (memory.live, memory.ending) == (750, 251)


def test_client_with_many_connections_closes_no_others(memory: ClientMemory) -> None:
    ended: list[Client] = []
    joined(memory, "a", ended).hold(300)
    for _ in range(8):
        joined(memory, "z", ended).hold(100)
    assert [client.address for client in ended] == ["z"] * 3


def test_connections_are_closed_until_an_eighth_of_the_bound_is_free(memory: ClientMemory) -> None:
    ended: list[Client] = []
    for _ in range(11):
        joined(memory, "a", ended).hold(BOUND // 10)
    assert len(ended) == 3
    assert memory.live <= KEPT * BOUND


def test_sent_output_is_recounted_before_closing_a_connection(memory: ClientMemory) -> None:
    ended: list[Client] = []
    sent = joined(memory, "a", ended)
    sent.hold(900)
    sent.size = 0  # its client has taken its responses
    joined(memory, "b", ended).hold(800)
    assert (ended, memory.live) == ([], 800)


def test_closed_connection_counts_until_it_is_removed(memory: ClientMemory) -> None:
    ended: list[Client] = []
    client = joined(memory, "a", ended)
    client.hold(2 * BOUND)
    client.hold(3 * BOUND)
    assert (memory.live, memory.recount()) == (0, 2 * BOUND)
    memory.remove(client)
    client.hold(BOUND)
    memory.remove(client)
    assert memory.recount() == 0


def test_burst_of_aborted_connections_logs_one_warning(
    memory: ClientMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_memory, "_warnings", LogLimit(10))
    with capture_logs() as logs:
        for _ in range(5):
            joined(memory, "a", []).hold(2 * BOUND)
    [line] = logs
    assert (line["event"], line["reason"], line["client"]) == ("connection aborted", "memory", "a")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, BOUND), st.sampled_from("hhhhgr"))))
def test_sum_equals_its_holders_after_any_operations(
    acts: list[tuple[int, int, str]],
) -> None:
    memory, ended = ClientMemory(), list[Client]()
    clients = [joined(memory, f"address {number % 3}", ended) for number in range(10)]
    removed = set[Client]()
    for number, size, act in acts:
        client = clients[number]
        match act:
            case "h":
                client.hold(size)
            case "g":
                client.size = 0
            case "r":
                memory.remove(client)
                removed.add(client)
        ending = set(ended) - removed
        live = set(clients) - set(ended) - removed
        assert memory.live == sum(one.counted for one in live) <= BOUND
        assert memory.ending == sum(one.counted for one in ending)
    assert max(Counter(ended).values(), default=1) == 1
    for client in clients:
        memory.remove(client)
    assert memory.live == memory.ending == memory.recount() == 0

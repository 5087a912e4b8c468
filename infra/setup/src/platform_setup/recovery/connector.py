"""Client of the connector during a restore, over Kafka Connect's REST interface (KIP-875)."""

import time
from collections.abc import Callable

import httpx2

from platform_setup import SetupError

TIMEOUT = 120.0  # seconds for the connector to stop, and to start
EVERY = 0.5
BUSY = 409  # a rebalance of the workers: retry
MISSING = 404


class Connector:
    """Client; each method raises SetupError when Connect is unavailable or rejects the request."""

    def __init__(self, url: str, name: str) -> None:
        self._client = httpx2.Client(base_url=url, timeout=30, trust_env=False)
        self._name = name

    def close(self) -> None:
        self._client.close()

    def stop(self) -> None:
        """Return when no task runs: from then on nothing is published."""
        self._request("PUT", "stop")
        self._wait(self.is_stopped, "did not stop")

    def is_stopped(self) -> bool:
        status = self._request("GET", "status").json()
        return status["connector"]["state"] == "STOPPED" and not status["tasks"]

    def reset(self) -> None:
        """Reset the offset in the lost server's binlog: the next start takes a snapshot."""
        self._request("DELETE", "offsets")

    def resume(self) -> None:
        self._request("PUT", "resume")

    def wait_for_place(self) -> None:
        """Return when its snapshot has an offset in the binlog to continue from."""
        self._wait(
            self._has_place,
            "has not started: the event store is complete; check the connector's status"
            " and run the restore again. It did not start",
        )

    def _has_place(self) -> bool:
        return bool(self._request("GET", "offsets").json()["offsets"])

    def _wait(self, is_so: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not is_so():
            if time.monotonic() > deadline:
                raise SetupError(f"the connector {self._name} {complaint} in {TIMEOUT:.0f} s")
            time.sleep(EVERY)

    def _request(self, method: str, what: str) -> httpx2.Response:
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                answer = self._client.request(method, f"/connectors/{self._name}/{what}")
            except httpx2.HTTPError as error:
                raise SetupError(f"Kafka Connect at {self._client.base_url}: {error!r}") from error
            if answer.is_success:
                return answer
            if answer.status_code == MISSING:
                raise SetupError(
                    f"Kafka Connect has no connector {self._name}: start connector-supervisor"
                )
            if answer.status_code != BUSY or time.monotonic() > deadline:
                raise SetupError(f"Kafka Connect returned {answer.status_code} to {method} {what}")
            time.sleep(EVERY)

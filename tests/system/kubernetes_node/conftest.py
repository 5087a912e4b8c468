"""The node's overlays/dev, as its administrator sees it."""

from pathlib import Path

import pytest

from local_stack.addresses import Addresses
from tests.support.kubernetes.development import NAMESPACE
from tests.support.kubernetes.kubectl import Kubectl


@pytest.fixture(scope="session")
def kubectl(stack: Addresses) -> Kubectl:
    return Kubectl(Path(stack.home) / "kubeconfig", NAMESPACE)

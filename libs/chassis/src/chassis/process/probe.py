"""Health check of a container: `python -m chassis.process.probe` requests /readyz once.

It exits with 1 unless the service is ready. The port is that of the service: the variable whose
name ends in _ADMIN_PORT. It imports no module of ours, since it runs every five seconds.
"""

import os
import sys
from urllib.request import urlopen

TIMEOUT = 2.0  # seconds; Docker's own limit is 3


def main() -> None:
    ports = [value for name, value in os.environ.items() if name.endswith("_ADMIN_PORT")]
    if len(ports) != 1:
        sys.exit(f"expected one variable ending in _ADMIN_PORT, found {len(ports)}")
    try:
        urlopen(f"http://127.0.0.1:{ports[0]}/readyz", timeout=TIMEOUT).close()
    except OSError as error:
        sys.exit(f"port {ports[0]}: {error}")


if __name__ == "__main__":
    main()

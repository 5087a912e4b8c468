"""wrk, a load generator in C: many clients, each repeating its request at once."""

import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from local_stack.debian import load_packages, os_release
from local_stack.layout import cache
from local_stack.provision import unpacked

PRINT_RESULTS = """
done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("seen %f %f %f %f %d", 1e6 * summary.requests / summary.duration,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000,
    latency:percentile(99) / 1000, failed))
end
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """Results of wrk: responses per second, milliseconds at three percentiles, and failures."""

    rate: float
    p50: float
    p95: float
    p99: float
    failed: int


def program(name: str, folder: str = "usr/bin") -> tuple[str, dict[str, str]]:
    """Return the path of a load generator or a proxy, and its environment variables.

    It is the machine's own, else the distribution's, fetched and unpacked. Raises StackError
    if that is impossible.
    """
    if own := shutil.which(name):
        return own, {}
    wanted = load_packages(os_release(), platform.machine())
    content = unpacked(wanted, cache())
    libraries = wanted.architecture.libraries(content)[0]
    return str(content / folder / name), {"LD_LIBRARY_PATH": str(libraries)}


def run(url: str, callers: int, seconds: int, script: str = "") -> Answered:
    """Generate load for this many seconds; `script` is wrk's Lua."""
    wrk, environment = program("wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script + PRINT_RESULTS)
        file.flush()
        options = ["-t1", f"-c{callers}", f"-d{seconds}s", "-s", file.name]
        done = subprocess.run(  # noqa: S603 - our own words
            [wrk, *options, url],
            env=os.environ | environment,
            check=True,
            capture_output=True,
            text=True,
        )
    return _read(done.stdout)


def any_of(paths: str) -> str:
    """Return a script that requests random paths of a file with one a line."""
    return f"""
local paths = {{}}
for path in io.lines("{paths}") do paths[#paths + 1] = path end
request = function() return wrk.format("GET", paths[math.random(#paths)]) end
"""


def posting(bodies: str) -> str:
    """Return a script that posts random JSON bodies of a file with one a line."""
    return f"""
local bodies = {{}}
for body in io.lines("{bodies}") do bodies[#bodies + 1] = body end
local headers = {{["Content-Type"] = "application/json"}}
request = function()
  return wrk.format("POST", nil, headers, bodies[math.random(#bodies)])
end
"""


def _read(text: str) -> Answered:
    rate, p50, p95, p99, failed = text.rpartition("seen ")[2].split()
    return Answered(float(rate), float(p50), float(p95), float(p99), int(failed))

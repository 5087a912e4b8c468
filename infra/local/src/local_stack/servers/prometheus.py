"""Prometheus, from the distribution's packages; it scrapes every program that has metrics."""

from functools import partial
from pathlib import Path

import yaml

from local_stack import health
from local_stack.addresses import HOST
from local_stack.layout import INFRA, PORTS
from local_stack.programs import Context, Program

KEPT = "2d"
WITH_JMX = ["kafka", "connect"]  # the exporter is a Java agent in these processes


def program(context: Context) -> Program:
    """Run with infra/prometheus/: the same rules as in compose, with this instance's addresses."""
    return Program(
        name="prometheus",
        command=[
            str(context.software.packages / "usr/bin/prometheus"),
            f"--config.file={configuration(context)}",
            f"--storage.tsdb.path={context.instance.folder('data', 'prometheus')}",
            f"--storage.tsdb.retention.time={KEPT}",
            "--web.cors.origin=https?://localhost(:[0-9]+)?",  # default: any web page may read it
            f"--web.listen-address={HOST}:{context.instance.port('prometheus')}",
        ],
        after=(),
        healthy=partial(health.get, f"{context.addresses.prometheus_url}/-/ready"),
    )


def configuration(context: Context) -> Path:
    """Write infra/prometheus/prometheus.yml with static targets instead of Docker's DNS."""
    config = yaml.safe_load((INFRA / "prometheus" / "prometheus.yml").read_text())
    config["rule_files"] = [str(INFRA / "prometheus" / "*alerts.yml")]
    jobs = [job["job_name"] for job in config["scrape_configs"]] + WITH_JMX
    config["scrape_configs"] = [
        {"job_name": job, "static_configs": [{"targets": targets(context, job)}]} for job in jobs
    ]
    file = context.instance.folder("conf") / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    return file


def targets(context: Context, job: str) -> list[str]:
    purpose = "admin" if "admin" in PORTS[job] else "metrics"
    programs = context.instance.nodes("kafka") if job == "kafka" else [job]
    return [f"{HOST}:{context.instance.port(program, purpose)}" for program in programs]

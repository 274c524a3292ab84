"""Checks what the compose files say about things in this repository.

    check_compose.py BINARIES RENDERED…

RENDERED is a compose file as compose's own loader has read it, in JSON: it has checked
the schema, the interpolation and the references between services already.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).resolve().parents[1]
DOCKERFILE = (CHECKOUT / "deploy/Dockerfile").read_text()


def daemons(project):
    """`(binary, service)` of the services that are ours."""
    for service in project["services"].values():
        if found := re.search(r"/((?:producer|scorer|results-sink)-svc):(.*)$", service["image"]):
            assert found[2] == version(), f"{service['image']} isn't of version {version()}"
            yield found[1], service


def version():
    return re.search(r'^version = "(.*)"', (CHECKOUT / "Cargo.toml").read_text(), re.M)[1]


def mounted_files_exist(project):
    for service in project["services"].values():
        for volume in service.get("volumes", []):
            if volume["type"] == "bind" and volume["source"].startswith(str(CHECKOUT)):
                assert Path(volume["source"]).exists(), volume["source"]


def targets_exist(project):
    for _, service in daemons(project):
        if "build" in service:
            assert re.search(rf" AS {service['build']['target']}$", DOCKERFILE, re.M), service["build"]["target"]


def daemons_accept_their_environment(project, binaries):
    for binary, service in daemons(project):
        if service.get("command"):
            continue
        environment = dict(service["environment"])
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as secret:
            secret.write("not empty")
            secret.flush()
            for name in environment:
                if name.endswith("_FILE"):
                    environment[name] = secret.name
            done = subprocess.run([binaries / binary, "--check-config"], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{binary}: {done.stderr}"


def daemons_get_the_time_they_need_to_stop(project):
    for binary, service in daemons(project):
        assert service.get("command") or service["stop_grace_period"] == "35s", binary


def prometheus_scrapes_the_services(project):
    if "prometheus" not in project["services"]:
        return
    config = yaml.safe_load((CHECKOUT / "deploy/prometheus/prometheus.yml").read_text())
    named = [target.split(":") for job in config["scrape_configs"] for each in job.get("static_configs", []) for target in each["targets"]]
    named += [(name, each["port"]) for job in config["scrape_configs"] for each in job.get("dns_sd_configs", []) for name in each["names"]]
    ports = dict(re.findall(r"^FROM base AS (\S+)$.*?^EXPOSE (\d+)$", DOCKERFILE, re.M | re.S))
    for name, port in named:
        image = project["services"][name]["image"]
        [binary] = [binary for binary in ports if f"/{binary}:" in image]
        assert str(port) == ports[binary], f"{name}:{port}"


if __name__ == "__main__":
    for file in sys.argv[2:]:
        project = json.loads(Path(file).read_text())
        mounted_files_exist(project)
        targets_exist(project)
        daemons_get_the_time_they_need_to_stop(project)
        daemons_accept_their_environment(project, Path(sys.argv[1]))
        prometheus_scrapes_the_services(project)

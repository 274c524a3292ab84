"""Asks a real Prometheus, which scrapes running daemons, every query of dashboard and rules.

    check_queries.py PROMETHEUS [HOST:PORT …]

Without addresses (of producer, scorer and sink) it runs the stack of `local-stack run`
for as long as it needs. A query passes when it has returned data once. Of an alert,
which is silent when all is well, every selector must.
"""

import json
import math
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
RULES = CHECKOUT / "helm/fraud-stream/files/rules.yaml"
DASHBOARD = CHECKOUT / "helm/fraud-stream/files/dashboard.json"
RULES_TEST = CHECKOUT / "deploy/prometheus/rules-test.yaml"
GUIDE = CHECKOUT / "deploy/OPERATIONS.md"
BUILT = Path(os.environ.get("BINARIES", CHECKOUT / "target/release"))
# The sink of `local-stack run` publishes files after half a minute.
PATIENCE = 180
# Appears with the first error.
ON_OCCASION = "fraud_kafka_client_errors_total"
# What Grafana replaces.
VARIABLES = {"$namespace": ".*", "$__rate_interval": "1m", "$__range": "1h"}
METRIC = r"\b(?:(?:fraud|process)_\w+|(?:job|group):\w+:\w+)\b(?:\{[^}]*\})?"


def queries():
    """`(where it stands, query)` of everything that is asked."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"]
            for variable, value in VARIABLES.items():
                query = query.replace(variable, value)
            yield f"panel {panel['title']!r}", query
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            if "record" in rule:
                yield f"record {rule['record']}", rule["record"]
                continue
            # Labels in `by (…)` and `on (…)` begin otherwise than metrics.
            for selector in re.findall(METRIC, rule["expr"]):
                if not selector.startswith(ON_OCCASION):
                    yield f"alert {rule['alert']}", selector


def alerts():
    """The names of all alerts."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule]


def alerts_that_were_made_to_fire():
    """Those of which the test of the rules expects that they fire."""
    for test in yaml.safe_load(RULES_TEST.read_text())["tests"]:
        for expected in test.get("alert_rule_test", []):
            if expected["exp_alerts"]:
                yield expected["alertname"]
        for expected in test.get("promql_expr_test", []):
            if expected["exp_samples"] and 'alertstate="firing"' in expected["expr"]:
                labels = " ".join(sample["labels"] for sample in expected["exp_samples"])
                yield from re.findall(r'alertname="(\w+)"', f"{expected['expr']} {labels}")


@contextmanager
def process(command, **options):
    child = subprocess.Popen(command, **options)
    try:
        yield child
    finally:
        child.terminate()
        child.wait(timeout=90)


@contextmanager
def local_stack():
    """The stack's admin addresses, once it runs."""
    with process([BUILT / "local-stack", "run"], stdout=subprocess.PIPE, text=True) as stack:
        addresses = []
        for line in stack.stdout:
            addresses += re.findall(r"http://(\S+)/metrics", line)
            if len(addresses) == 3:
                yield addresses
                return
        sys.exit("local-stack ended early; what it said stands above")


@contextmanager
def prometheus(binary, addresses):
    """The URL of a Prometheus that scrapes the daemons every second."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [target]}]}
                for job, target in zip(("producer-svc", "scorer-svc", "results-sink-svc"), addresses, strict=True)
            ],
        }
        file = Path(folder, "prometheus.yml")
        file.write_text(yaml.safe_dump(config))
        log = Path(folder, "log")
        command = [binary, f"--config.file={file}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}"]
        with log.open("w") as output, process(command, stderr=output) as server:
            while not answers(f"http://{address}/-/ready"):
                if server.poll() is not None:
                    sys.exit(log.read_text())
                time.sleep(0.2)
            yield f"http://{address}"


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200
    except OSError:
        return False


def has_data(server, query):
    """Whether a query gives at least one number."""
    url = f"{server}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        answer = json.load(urllib.request.urlopen(url, timeout=30))
    except urllib.error.HTTPError as error:
        sys.exit(f"{query}\n{error.read().decode()}")
    return any(not math.isnan(float(sample["value"][1])) for sample in answer["data"]["result"])


def ask(server):
    """Asks until all have answered, and returns those that haven't in time."""
    open_queries = dict.fromkeys(queries())
    print(f"{len(open_queries)} queries of dashboard and rules", flush=True)
    deadline = time.monotonic() + PATIENCE
    while open_queries and time.monotonic() < deadline:
        open_queries = [each for each in open_queries if not has_data(server, each[1])]
        time.sleep(2)
    return open_queries


def main(binary, addresses):
    fired, guide = set(alerts_that_were_made_to_fire()), GUIDE.read_text()
    for name in alerts():
        if name not in fired:
            sys.exit(f"{RULES_TEST.name} doesn't make {name} fire")
        if f"| {name} |" not in guide:
            sys.exit(f"{GUIDE.name} doesn't say what to do about {name}")
    if addresses:
        with prometheus(binary, addresses) as server:
            silent = ask(server)
    else:
        with local_stack() as started, prometheus(binary, started) as server:
            silent = ask(server)
    for place, query in silent:
        print(f"no data: {place}: {query}")
    sys.exit(f"{len(silent)} queries return nothing" if silent else None)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

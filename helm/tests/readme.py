"""Writes the chart's README.md from the comments of values.yaml; with --check, only compares."""

import re
import sys

from chart import CHART

VALUE = re.compile(r"^(?P<indent> *)(?P<key>\w+):(?: (?P<default>.*))?$")

INTRODUCTION = """\
<!-- Generated from values.yaml by `make chart-readme`. -->
# Chart fraud-stream

Runs `scorer-svc` and `results-sink-svc` as StatefulSets, and `producer-svc` as a Job, on a Kafka that exists. Kubernetes 1.31 or later, Helm 3.18 or later. How to operate it: [operations guide](../../deploy/OPERATIONS.md).

```
helm install fraud helm/fraud-stream -f values.yaml
helm test fraud
```

The least that must be set:

```yaml
{minimal}```

Larger examples, each rendered and checked by `make chart`, lie in [ci](ci). Values that don't fit each other are refused, all of them at once, with what to do.

## What it makes

- for each daemon a ConfigMap with its TOML, a headless Service for the admin port, and a NetworkPolicy that lets in nothing else
- for scorer and sink a PodDisruptionBudget and, if asked, a HorizontalPodAutoscaler or KEDA's ScaledObject. Both follow `fraud_kafka_consumer_lag`, which passes commit markers, and never exceed the partitions. KEDA's query expects the label `namespace` that Prometheus Operator and the usual Kubernetes discovery add; the HorizontalPodAutoscaler needs an adapter that serves the metric as an external one
- if asked, a ServiceMonitor, a PrometheusRule with [files/rules.yaml](files/rules.yaml), and a ConfigMap with the dashboard [files/dashboard.json](files/dashboard.json)

It makes no topics, users or Secrets. Pods meet the Restricted security standard. They read secrets when they start: restart them after a change (`kubectl rollout restart`).

Two releases on one Kafka cluster need names or groups of their own: transactional ids are `<group>-<pod name>-<worker>`, and whoever comes second fences the first.

## Values

| value | default | |
|---|---|---|
"""


def readme():
    minimal = (CHART / "ci/minimal-values.yaml").read_text().split("\n", 1)[1]
    rows = "".join(
        f"| `{name}` | {f'`{default}`' if default else ''} | {text} |\n" for name, default, text in documented_values()
    )
    return INTRODUCTION.format(minimal=minimal) + rows


def documented_values():
    """`(name, default, comment)` of every value that has a default or a comment."""
    path, comment = [], []
    for line in (CHART / "values.yaml").read_text().splitlines():
        if line.lstrip().startswith("# "):
            comment.append(line.lstrip()[2:])
            continue
        found = VALUE.match(line)
        if found:
            depth = len(found["indent"]) // 2
            path[depth:] = [found["key"]]
            if found["default"] or comment:
                yield ".".join(path), found["default"], " ".join(comment).replace("<", "&lt;")
        comment = []


if __name__ == "__main__":
    file = CHART / "README.md"
    if "--check" not in sys.argv:
        file.write_text(readme())
    elif not file.exists() or file.read_text() != readme():
        sys.exit(f"{file.name} of the chart isn't what values.yaml says: make chart-readme")

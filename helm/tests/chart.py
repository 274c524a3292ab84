"""The chart as Helm renders it."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
CHART = CHECKOUT / "helm/fraud-stream"
RELEASE = "demo"
# MORE_VALUES: files made elsewhere that must hold the same promises.
VALUES_FILES = [*sorted((CHART / "ci").glob("*-values.yaml")), *map(Path, os.environ.get("MORE_VALUES", "").split())]
MINIMAL = CHART / "ci/minimal-values.yaml"
YANDEX = CHART / "ci/yandex-values.yaml"
VOLUMES = CHART / "ci/volumes-values.yaml"
SHARED_FOLDER = CHART / "ci/shared-folder-values.yaml"
BINARIES = {"producer": "producer-svc", "scorer": "scorer-svc", "sink": "results-sink-svc"}


class Refused(Exception):
    """Helm refused the values; the text says why."""


@dataclass
class Rendered:
    """The manifests of one release."""

    manifests: list

    def all(self, kind):
        return [manifest for manifest in self.manifests if manifest["kind"] == kind]

    def one(self, kind, component=None):
        """The only manifest of `kind`, of a daemon if one is named."""
        found = [
            manifest
            for manifest in self.all(kind)
            if component in (None, manifest["metadata"]["labels"].get("app.kubernetes.io/component"))
        ]
        assert len(found) == 1, f"{len(found)} manifests of kind {kind} for {component}"
        return found[0]

    def pods(self):
        """`(component, pod spec)` of the daemons' workloads."""
        for kind in ("StatefulSet", "Deployment", "Job"):
            for manifest in self.all(kind):
                component = manifest["metadata"]["labels"]["app.kubernetes.io/component"]
                yield component, manifest["spec"]["template"]["spec"]

    def pod(self, component):
        return dict(self.pods())[component]

    def config(self, component):
        return self.one("ConfigMap", component)["data"]["config.toml"]


def render(*values_files, **values):
    """Renders with values files and single values; `a__b=1` sets `a.b`."""
    command = [os.environ.get("HELM", "helm"), "template", RELEASE, str(CHART)]
    for file in values_files or [MINIMAL]:
        command += ["--values", str(file)]
    for name, value in values.items():
        command += ["--set-json", f"{name.replace('__', '.')}={value}"]
    helm = subprocess.run(command, capture_output=True, text=True, check=False)
    if helm.returncode != 0:
        raise Refused(helm.stderr)
    return Rendered([manifest for manifest in yaml.safe_load_all(helm.stdout) if manifest])

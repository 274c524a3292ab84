"""The daemons themselves accept the configuration that the chart writes."""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from chart import BINARIES, CHECKOUT, VALUES_FILES, YANDEX, render

SECRETS = "/run/secrets/fraud-stream"
BUILT = Path(os.environ.get("BINARIES", CHECKOUT / "target/debug"))


@pytest.mark.parametrize("file", VALUES_FILES, ids=lambda file: file.stem)
def test_the_daemons_accept_their_configuration(file, tmp_path):
    rendered = render(file)
    for component, spec in rendered.pods():
        for secret in secret_files(spec):
            (tmp_path / secret).write_text("not empty\n")
        config = tmp_path / f"{component}.toml"
        config.write_text(rendered.config(component).replace(SECRETS, str(tmp_path)))
        daemon = subprocess.run(
            [BUILT / BINARIES[component], "--config", config, "--check-config"],
            capture_output=True, text=True, check=False,
        )
        assert daemon.returncode == 0, f"{component}: {daemon.stderr}"


def secret_files(spec):
    """The names of the files in the pod's volume of secrets."""
    for volume in spec["volumes"]:
        for source in volume.get("projected", {}).get("sources", []):
            [kind] = source
            yield from (item["path"] for item in source[kind]["items"])


def test_each_daemon_has_its_own_user_and_secret():
    rendered = render(YANDEX)
    users = {component: tomllib.loads(rendered.config(component))["kafka"]["username"] for component, _ in rendered.pods()}
    assert users == {"scorer": "fraud-scorer", "sink": "fraud-sink"}
    sources = rendered.pod("sink")["volumes"][1]["projected"]["sources"]
    assert [source.get("secret", source.get("configMap"))["name"] for source in sources] == [
        "yandex-ca", "kafka-fraud-sink", "fraud-stream-s3",
    ]


def test_a_daemon_doesnt_see_the_others_sections():
    config = tomllib.loads(render(YANDEX).config("sink"))
    assert "scorer" not in config
    assert config["sink"]["max_rows"] == 2_000_000


def test_the_chart_has_the_version_of_the_crates_and_images():
    def version(file, prefix):
        lines = (CHECKOUT / file).read_text().splitlines()
        return next(line.removeprefix(prefix).strip('"') for line in lines if line.startswith(prefix))

    crates = version("Cargo.toml", "version = ")
    assert version("helm/fraud-stream/Chart.yaml", "version: ") == crates
    assert version("helm/fraud-stream/Chart.yaml", "appVersion: ") == crates

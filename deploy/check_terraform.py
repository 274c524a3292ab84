"""Checks what Terraform hands to the daemons, without a cloud.

    check_terraform.py BINARIES OUTPUTS FOLDER

OUTPUTS is `terraform output -json` of deploy/terraform/daemons. The compose file and the
chart's values in it are written to FOLDER, for the checks that such files have anyway.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).resolve().parents[1]
# Daemons are given them as files.
SECRETS = {"FRAUD__KAFKA__PASSWORD": "secret", "FRAUD__OBJECT_STORE__SECRET_ACCESS_KEY": "secret"}
DAEMONS = {"producer": "producer-svc", "scorer": "scorer-svc", "sink": "results-sink-svc"}
# What the table's rights take in Managed Kafka; the other ones come with these.
ROLES = {"Read": "ACCESS_ROLE_TOPIC_CONSUMER", "Write": "ACCESS_ROLE_TOPIC_PRODUCER"}


def users_have_the_rights_of_the_table(users):
    granted = {
        name: {(permission["topic"], permission["role"]) for permission in user["permissions"]}
        for name, user in users.items()
    }
    assert granted == rights_in_the_table(), granted


def rights_in_the_table():
    """`{user: {(topic, role)}}` as deploy/README.md says."""
    rights, user = {}, ""
    for line in (CHECKOUT / "deploy/README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[1].startswith(("topic", "group", "transactional")):
            user = cells[0] or user
            if cells[1].startswith("topic"):
                topics = re.findall(r"`(.*?)`", cells[1])
                operations = re.findall(r"\w+", cells[2].split(";")[0])
                found = {(topic, ROLES[operation]) for topic in topics for operation in operations if operation in ROLES}
                rights.setdefault(user, set()).update(found)
    return rights


def daemons_accept_their_environment(environment, binaries):
    for daemon, binary in DAEMONS.items():
        checked = run(binaries / binary, "--check-config", environment[daemon])
        assert checked.returncode == 0, f"{daemon}: {checked.stderr}"


def topics_are_those_of_the_daemons(topics, environment, binaries):
    for daemon, binary in DAEMONS.items():
        printed = run(binaries / binary, "--print-config", environment[daemon])
        assert tomllib.loads(printed.stdout)["topics"] == topics, daemon


def run(binary, argument, environment):
    return subprocess.run([binary, argument], env=environment | SECRETS, capture_output=True, text=True, check=False)


def nothing_of_the_example_is_left(machines):
    example = yaml.safe_load((CHECKOUT / "deploy/compose.yandex.yaml").read_text())
    names = set()
    for text in machines.values():
        compose = yaml.safe_load(text)
        for daemon, service in compose["services"].items():
            before = example["services"][daemon]
            assert service.keys() == before.keys(), daemon
            assert service["environment"].keys() == before["environment"].keys(), daemon
            left = {key for key, value in service["environment"].items() if "example" in value and value == before["environment"][key]}
            assert not left and service["image"] != before["image"], f"{daemon}: {left}"
            names.add(service["hostname"])
    assert len(names) == len(machines) * len(example["services"]), f"host names, and so ids, meet: {names}"


def machines_get_every_file_that_containers_read(cloud_init, machines):
    [script] = [file["content"] for file in yaml.safe_load(cloud_init)["write_files"]]
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    for daemon, service in yaml.safe_load(machines["1"])["services"].items():
        assert service["volumes"] == [f"/etc/fraud-stream/{daemon}:/etc/fraud-stream:ro"], daemon
        for key, path in service["environment"].items():
            if key.endswith("_FILE"):
                assert re.search(rf"\b{daemon} {Path(path).name}\b", script), f"{daemon}: nothing writes {path}"


def the_cluster_gets_every_secret_that_the_chart_names(script, values):
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    values = yaml.safe_load(values)
    for daemon in DAEMONS:
        for kind, key in (("kafkaPassword", "password"), ("objectStoreKey", "secret-access-key")):
            secret = values[daemon]["secrets"][kind]["existingSecret"]
            assert f"secret generic {secret} --from-file={key}=" in script, secret
    assert f"configmap {values['secrets']['kafkaCa']['existingConfigMap']} --from-file=ca.crt=" in script


if __name__ == "__main__":
    binaries, folder = Path(sys.argv[1]), Path(sys.argv[3])
    outputs = {name: output["value"] for name, output in json.loads(Path(sys.argv[2]).read_text()).items()}
    users_have_the_rights_of_the_table(outputs["kafka_users"] | {"replay": outputs["replay_user"]})
    daemons_accept_their_environment(outputs["environment"], binaries)
    topics_are_those_of_the_daemons(outputs["topics"], outputs["environment"], binaries)
    nothing_of_the_example_is_left(outputs["compose"])
    machines_get_every_file_that_containers_read(outputs["cloud_init"], outputs["compose"])
    the_cluster_gets_every_secret_that_the_chart_names(outputs["kubernetes_script"], outputs["helm_values"])
    (folder / "compose.yaml").write_text(outputs["compose"]["1"])
    (folder / "terraform-values.yaml").write_text(outputs["helm_values"])

"""Values that would lose results or run into a wall are refused with a line that says why."""

import pytest

from chart import MINIMAL, SHARED_FOLDER, VOLUMES, YANDEX, Refused, render

REFUSALS = [
    ("an unknown value", MINIMAL, {"scorer__replica": "3"}, "'replica' not allowed"),
    ("an unknown section", MINIMAL, {"config__kafak": "{}"}, "kafak"),
    ("no registry", MINIMAL, {"image__registry": '""'}, "image.registry must be set"),
    ("no broker", MINIMAL, {"config__kafka__bootstrap_servers": '""'}, "config.kafka.bootstrap_servers must be set"),
    ("no model", MINIMAL, {"config__scorer__model": '""'}, "config.scorer.model must be set"),
    ("a model that no volume holds", MINIMAL, {"config__scorer__model": '"/models/fraud"'}, "set scorer.modelVolume"),
    ("a model in the image", MINIMAL, {"config__scorer__model": '"fraud"'}, "images carry no model"),
    ("a password in a ConfigMap", MINIMAL, {"config__kafka__password": '"x"'}, "use secrets.kafkaPassword"),
    ("a password of one daemon", MINIMAL, {"sink__config": '{"kafka": {"password": "x"}}'}, "sink: config.kafka.password"),
    ("an S3 key in a ConfigMap", MINIMAL, {"config__object_store": '{"secret_access_key": "x"}'}, "use secrets.objectStoreKey"),
    ("another admin address", MINIMAL, {"config__admin": '{"address": "127.0.0.1:1"}'}, "config.admin.address is the chart's"),
    ("results that go nowhere", MINIMAL, {"config__sink__parquet": '""'}, "results would go nowhere"),
    ("results in the pod", MINIMAL, {"config__sink__parquet": '"/tmp/results"'}, "not below sink.storage.mountPath"),
    ("results on no volume", MINIMAL, {"config__sink__parquet": '"/results"'}, "an emptyDir would be lost"),
    ("results on a volume of its own", VOLUMES, {"sink__volumeMounts": '[{"name": "a", "mountPath": "/results/fraud"}]'}, "mounts something else"),
    ("a setting that no check sees", MINIMAL, {"sink__env": '[{"name": "FRAUD__SINK__PARQUET", "value": "/tmp"}]'}, "set it in config"),
    ("two sinks with a folder each", VOLUMES, {"sink__replicas": "2"}, "a place that all of them see"),
    ("an autoscaled private folder", VOLUMES, {"sink__autoscaling__kind": '"hpa"'}, "a place that all of them see"),
    ("two sinks on a claim of one", SHARED_FOLDER, {"sink__storage__shared": "false"}, "a place that all of them see"),
    ("idle scorers", MINIMAL, {"scorer__replicas": "5", "partitions__transactions": "4"}, "keep at most 4 busy"),
    ("idle workers", MINIMAL, {"scorer__replicas": "3", "partitions__transactions": "4", "config__scorer__workers": "2"}, "keep at most 2 busy"),
    ("scaling without a bound", YANDEX, {"partitions__transactions": "0"}, "autoscaling needs partitions.transactions"),
    ("scaling above the partitions", YANDEX, {"scorer__autoscaling__maxReplicas": "7"}, "keep at most 6 busy"),
    ("the least above the most", YANDEX, {"scorer__autoscaling__minReplicas": "7"}, "minReplicas is above"),
    ("KEDA without Prometheus", YANDEX, {"scorer__autoscaling__prometheusAddress": '""'}, "prometheusAddress must be set"),
    ("one id for two scorers", MINIMAL, {"config__scorer__transactional_id": '"a"'}, "fence each other"),
    ("a duration without a unit", MINIMAL, {"config__service": '{"shutdown_timeout": "30 sec"}'}, "no unit of time"),
    ("a producer without transactions", MINIMAL, {"producer__enabled": "true"}, "config.producer.source must be set"),
]


@pytest.mark.parametrize(("file", "values", "message"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_the_values_are_refused(file, values, message):
    with pytest.raises(Refused) as refusal:
        render(file, **values)
    assert message in str(refusal.value)


def test_all_faults_are_told_at_once():
    with pytest.raises(Refused) as refusal:
        render(MINIMAL, config__scorer__model='""', config__sink__parquet='""')
    assert "scorer: config.scorer.model" in str(refusal.value)
    assert "sink: config.sink.parquet" in str(refusal.value)


def test_a_sink_that_only_prints_needs_no_place():
    sink = render(MINIMAL, config__sink='{"parquet": "", "console": true}', sink__replicas="3")
    assert sink.one("StatefulSet", "sink")["spec"]["replicas"] == 3


def test_a_setting_may_come_from_a_secret():
    source = '[{"name": "FRAUD__KAFKA__USERNAME", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]'
    env = render(MINIMAL, sink__env=source).pod("sink")["containers"][0]["env"]
    assert [each["name"] for each in env] == ["FRAUD__KAFKA__USERNAME"]


def test_a_daemon_that_is_off_needs_no_settings():
    rendered = render(MINIMAL, scorer__enabled="false", config__scorer__model='""')
    assert [component for component, _ in rendered.pods()] == ["sink"]

"""What Kubernetes is given."""

import kubernetes_validate
import pytest
import yaml

from chart import CHART, SHARED_FOLDER, VALUES_FILES, VOLUMES, YANDEX, render

# From the chart's kubeVersion to the newest: upstream supports the last three, managed
# Kubernetes some more.
KUBERNETES = ["1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37"]
ALLOWED_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
}
# Their definitions come with their operators.
CUSTOM = {"ScaledObject", "ServiceMonitor", "PrometheusRule"}


@pytest.fixture(params=VALUES_FILES, ids=lambda file: file.stem)
def rendered(request):
    return render(request.param)


@pytest.mark.parametrize("version", KUBERNETES)
def test_every_manifest_fits_the_strict_schema_of_kubernetes(rendered, version):
    for manifest in rendered.manifests:
        if manifest["kind"] not in CUSTOM:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_the_versions_reach_from_the_oldest_that_the_chart_allows_to_the_newest():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["kubeVersion"] == f">={KUBERNETES[0]}.0-0"
    assert kubernetes_validate.latest_version().startswith(f"{KUBERNETES[-1]}.")


def test_names_are_unique(rendered):
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in rendered.manifests]
    assert len(names) == len(set(names))


def all_pods(rendered):
    return [spec for _, spec in rendered.pods()] + [test["spec"] for test in rendered.all("Pod")]


def test_pods_meet_the_restricted_security_standard(rendered):
    """As k8s.io/pod-security-admission checks it, and a read-only root besides."""
    for spec in all_pods(rendered):
        # Neither the host's namespaces, nor other users, sysctls or labels of SELinux.
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC", "hostUsers", "initContainers", "ephemeralContainers"}
        assert spec["securityContext"].keys() <= {
            "runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup", "fsGroupChangePolicy", "seccompProfile",
        }
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for volume in spec.get("volumes", []):
            assert volume.keys() - {"name"} <= ALLOWED_VOLUMES, volume
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert not any("hostPort" in port for port in container.get("ports", []))


def test_pods_see_neither_the_apis_token_nor_variables_of_services(rendered):
    for spec in all_pods(rendered):
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False


def test_helm_tests_pods_may_ask_the_daemons():
    for pod in render(YANDEX).all("Pod"):
        assert labels_of_helm_test().items() <= pod["metadata"]["labels"].items()


def test_every_mount_has_its_volume(rendered):
    claims = {
        "StatefulSet": lambda manifest: [
            claim["metadata"]["name"] for claim in manifest["spec"].get("volumeClaimTemplates", [])
        ]
    }
    for kind in ("StatefulSet", "Deployment", "Job"):
        for manifest in rendered.all(kind):
            spec = manifest["spec"]["template"]["spec"]
            volumes = {volume["name"] for volume in spec["volumes"]}
            volumes.update(claims.get(kind, lambda _: [])(manifest))
            for mount in spec["containers"][0]["volumeMounts"]:
                assert mount["name"] in volumes


def test_probes_services_and_policies_name_the_admin_port(rendered):
    for component, spec in rendered.pods():
        container = spec["containers"][0]
        [port] = container["ports"]
        assert f'address = "0.0.0.0:{port["containerPort"]}"' in rendered.config(component)
        for probe, path in (("startup", "/livez"), ("liveness", "/livez"), ("readiness", "/readyz")):
            assert container[f"{probe}Probe"]["httpGet"] == {"path": path, "port": port["name"]}
        [service_port] = rendered.one("Service", component)["spec"]["ports"]
        assert service_port["port"] == port["containerPort"]
        assert service_port["targetPort"] == port["name"]


def test_a_scorer_has_room_for_the_model_that_it_fetches():
    def paths(file):
        return [mount["mountPath"] for mount in render(file).pod("scorer")["containers"][0]["volumeMounts"]]

    assert "/var/cache/fraud-stream" in paths(YANDEX)
    assert "/var/cache/fraud-stream" not in paths(VOLUMES)


def test_selectors_find_the_pods_and_no_others(rendered):
    for kind in ("StatefulSet", "Deployment"):
        for manifest in rendered.all(kind):
            labels = manifest["spec"]["template"]["metadata"]["labels"]
            component = labels["app.kubernetes.io/component"]
            selector = manifest["spec"]["selector"]["matchLabels"]
            assert selector.items() <= labels.items()
            assert selector["app.kubernetes.io/component"] == component
            assert rendered.one("Service", component)["spec"]["selector"] == selector


def test_ids_come_from_pods_that_start_together():
    rendered = render(YANDEX)
    for component in ("scorer", "sink"):
        spec = rendered.one("StatefulSet", component)["spec"]
        assert spec["podManagementPolicy"] == "Parallel"
        assert spec["serviceName"] == rendered.one("Service", component)["metadata"]["name"]


def test_the_grace_period_is_above_the_shutdown_timeout():
    assert render(YANDEX).pod("scorer")["terminationGracePeriodSeconds"] == 100
    assert render().pod("scorer")["terminationGracePeriodSeconds"] == 35
    longer = render(config__service='{"shutdown_timeout": "1500ms"}')
    assert longer.pod("scorer")["terminationGracePeriodSeconds"] == 12


def test_a_draining_node_need_not_wait_for_pods_that_wait_for_a_broker():
    for budget in render(YANDEX).all("PodDisruptionBudget"):
        assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
        assert budget["spec"]["maxUnavailable"] == 1


def test_the_producer_is_a_job_that_is_never_tried_again():
    job = render(VOLUMES).one("Job")
    assert job["spec"]["backoffLimit"] == 0
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    assert "ttlSecondsAfterFinished" not in job["spec"]


def test_a_producer_job_has_another_name_only_if_it_does_something_else():
    def name(**values):
        return render(VOLUMES, **values).one("Job")["metadata"]["name"]

    assert name() == name(config__sink__max_age='"2m"')
    assert name() != name(config__producer__rate="60")


def test_a_repeating_producer_is_a_deployment_of_one():
    deployment = render(SHARED_FOLDER).one("Deployment")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}


def test_a_daemons_configuration_restarts_it_and_no_other():
    def checksums(**values):
        return {
            manifest["metadata"]["name"]: manifest["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
            for manifest in render(YANDEX, **values).all("StatefulSet")
        }

    before, after = checksums(), checksums(config__sink__max_age='"2m"')
    assert [name for name in before if before[name] != after[name]] == ["demo-fraud-stream-sink"]


@pytest.mark.parametrize("kind", ["HorizontalPodAutoscaler", "ScaledObject"])
def test_an_autoscaler_owns_the_replicas_and_never_exceeds_the_partitions(kind):
    rendered = render(YANDEX if kind == "ScaledObject" else SHARED_FOLDER)
    for scaler in rendered.all(kind):
        target = scaler["spec"]["scaleTargetRef"]["name"]
        [scaled] = [each for each in rendered.all("StatefulSet") if each["metadata"]["name"] == target]
        assert "replicas" not in scaled["spec"]
        most = scaler["spec"].get("maxReplicas", scaler["spec"].get("maxReplicaCount"))
        # 12 partitions for two workers each; 6, of which the values take 4, and 6.
        assert most == {"demo-fraud-stream-scorer": 6 if kind == "ScaledObject" else 4}.get(target, 6)


def test_pods_are_annotated_for_prometheus_unless_an_operator_finds_them():
    def annotations(file):
        return render(file).one("StatefulSet", "scorer")["spec"]["template"]["metadata"]["annotations"]

    assert annotations(VOLUMES)["prometheus.io/port"] == "9465"
    assert not any(name.startswith("prometheus.io/") for name in annotations(YANDEX))


def test_only_the_admin_port_can_be_reached():
    for policy in render(YANDEX).all("NetworkPolicy"):
        [rule] = policy["spec"]["ingress"]
        assert rule["ports"] == [{"port": "admin"}]
        assert {"podSelector": {"matchLabels": labels_of_helm_test()}} in rule["from"]


def labels_of_helm_test():
    return {"app.kubernetes.io/instance": "demo", "app.kubernetes.io/component": "test"}

"""The chart hands rules and dashboard on as they are."""

import json

import yaml

from chart import CHART, MINIMAL, YANDEX, render

RULES = yaml.safe_load((CHART / "files/rules.yaml").read_text())
DASHBOARD = json.loads((CHART / "files/dashboard.json").read_text())


def test_the_rules_reach_prometheus_as_they_were_tested():
    rule = render(YANDEX).one("PrometheusRule")
    assert rule["spec"] == RULES
    assert rule["metadata"]["labels"]["release"] == "prometheus"


def test_every_alert_says_how_grave_it_is_and_what_it_means():
    for group in RULES["groups"]:
        for rule in group["rules"]:
            if "alert" in rule:
                assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
                assert rule["annotations"].keys() == {"summary", "description"}, rule["alert"]


def test_grafanas_sidecar_finds_the_dashboard_as_it_is():
    [config] = [each for each in render(YANDEX).all("ConfigMap") if "grafana_dashboard" in each["metadata"]["labels"]]
    assert json.loads(config["data"]["fraud-stream.json"]) == DASHBOARD


def test_panels_have_ids_of_their_own_say_what_they_show_and_dont_overlap():
    panels = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken = set()
    for panel in panels:
        assert panel["description"], panel["title"]
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells


def test_nothing_of_an_operator_is_made_unless_it_is_asked_for():
    kinds = {manifest["kind"] for manifest in render(MINIMAL).manifests}
    assert not kinds & {"ServiceMonitor", "PrometheusRule", "ScaledObject"}


def test_the_service_monitor_selects_every_daemons_service():
    rendered = render(YANDEX)
    selected = rendered.one("ServiceMonitor")["spec"]["selector"]["matchLabels"]
    for service in rendered.all("Service"):
        assert selected.items() <= service["metadata"]["labels"].items()

#!/usr/bin/python3
"""deploy/monitoring: what dashboard and alert rules name is there on the pages of running programs, and the
alerts fire when they should."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.chdir(ROOT)
sys.path.insert(0, os.path.dirname(__file__))
from service import PROGRAM, Service, review  # noqa: E402

MONITORING = ROOT / "deploy/monitoring"
MANIFEST = yaml.safe_load((MONITORING / "rules.yaml").read_text(encoding="utf-8"))
RULES = [rule for group in MANIFEST["spec"]["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")
# What Prometheus itself adds to every row.
OF_PROMETHEUS = {"instance", "job"}

needs_promtool = unittest.skipUnless(PROMTOOL, "no promtool")


def expressions():
    """Every query with the texts around it that name its labels."""
    for rule in RULES:
        yield rule["alert"], rule["expr"], re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"], re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])


def parse_query(expression):
    """Metrics of a query with their matchers: [(name, {label: values})], and the labels it groups by."""
    metrics = []
    for name, matchers in re.findall(r"\b((?:druid_bridge|process)_\w+)(?:\{([^}]*)\})?", expression):
        found = re.findall(r'(\w+)(?:=~|=|!=|!~)"([^"]*)"', matchers)
        metrics.append((name, {label: values.split("|") for label, values in found}))
    groups = re.findall(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)", expression)
    return metrics, {label.strip() for group in groups for label in group.split(",")}


def parse_page(text):
    """The rows of a page: {name: {label: values}}."""
    rows = {}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.M):
        row = rows.setdefault(name, {})
        for label, value in re.findall(r'(\w+)="([^"]*)"', labels):
            row.setdefault(label, set()).add(value)
    return rows


class Live:
    """The program with an API server as its source that nobody can reach: it cannot decide."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="druid-bridge-test.")
        Service.issue(self.folder)
        kubeconfig = os.path.join(self.folder, "kubeconfig")
        pathlib.Path(kubeconfig).write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "none",
            "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1",
                                                      "certificate-authority": f"{self.folder}/ca.crt"}}],
            "users": [{"name": "none", "user": {"token": "made-up"}}],
            "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}]}), encoding="utf-8")
        self.process = subprocess.Popen(
            [PROGRAM, "--kubeconfig", kubeconfig, "--tls-dir", self.folder, "--listen", "127.0.0.1:0",
             "--operations-listen", "127.0.0.1:0", "--drain", "0s"], stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        lines = [""]
        while "msg=serving" not in lines[-1]:
            lines.append(self.process.stderr.readline())
            if not lines[-1]:
                self.stop()
                raise AssertionError("it does not serve:" + "\n".join(lines))
        line = lines[-1]
        self.address, self.operations = re.search(r" address=(\S+) operations=(\S+)", line).groups()

    def page(self):
        with urllib.request.urlopen(f"http://{self.operations}/metrics", timeout=30) as answer:
            return answer.read().decode()

    def ask(self):
        done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "30", "--cacert",
                               f"{self.folder}/ca.crt", "-H", "Content-Type: application/json", "--data-binary", "@-",
                               f"https://{self.address}/mutate"], input=json.dumps(review()), capture_output=True,
                              text=True, timeout=60, check=True)
        return int(done.stdout)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)


class Names(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        service = Service(config="apiVersion: druid-bridge/v1alpha1\nkind: BridgeConfiguration\n"
                                 "migration: {defaultPhase: prepare}\n")
        cls.addClassCleanup(service.stop)
        service.post(review())
        service.post(review(namespace="shoot--garden--nowhere"))
        service.post(b"nonsense")
        off = review(name="etcd-events")
        off["request"]["object"]["metadata"]["annotations"] = {"druid-bridge/phase": "off"}
        service.post(off)
        page = service.operations("/metrics")[1]
        live = Live()
        cls.addClassCleanup(live.stop)
        assert live.ask() == 500
        end = time.monotonic() + 20
        while "druid_bridge_source_requests_total{" not in live.page() and time.monotonic() < end:
            time.sleep(0.1)
        cls.rows = parse_page(page + live.page())
        cls.program = pathlib.Path(PROGRAM).read_bytes()

    def test_every_metric_exists(self):
        for title, expression, _ in expressions():
            metrics, _ = parse_query(expression)
            self.assertTrue(metrics, f"{title}: no metric in {expression}")
            for name, _ in metrics:
                self.assertIn(name, self.rows, title)

    def test_every_label_exists(self):
        for title, expression, shown in expressions():
            metrics, groups = parse_query(expression)
            known = set(OF_PROMETHEUS)
            for name, matchers in metrics:
                self.assertLessEqual(set(matchers), set(self.rows[name]), title)
                known |= set(self.rows[name])
            self.assertLessEqual(groups | set(shown), known, title)

    def test_every_value_is_one_that_the_program_can_write(self):
        for title, expression, _ in expressions():
            for name, matchers in parse_query(expression)[0]:
                for label, values in matchers.items():
                    seen = self.rows[name][label]
                    if label == "le":
                        self.assertTrue(seen & set(values), title)
                        continue
                    for value in values:
                        self.assertTrue(value in seen or value.isdigit() or value.encode() + b"\0" in self.program,
                                        f"{title}: {label}={value}")

    def test_a_finding_has_a_code(self):
        self.assertNotIn("", self.rows["druid_bridge_findings"]["code"])

    def test_what_is_shown_as_a_label_is_left_by_the_query(self):
        for title, expression, shown in expressions():
            groups = parse_query(expression)[1]
            if re.search(r"\bby\b", expression):
                self.assertLessEqual(set(shown), groups, title)


class Shape(unittest.TestCase):
    def test_every_alert_says_what_it_is_and_what_to_do(self):
        self.assertEqual(len({rule["alert"] for rule in RULES}), len(RULES))
        for rule in RULES:
            self.assertRegex(rule["alert"], r"^DruidBridge[A-Z]\w+$")
            self.assertIn(rule["labels"]["severity"], ("info", "warning", "critical"))
            self.assertEqual(set(rule["annotations"]), {"summary", "description", "action"}, rule["alert"])
            self.assertTrue(all(rule["annotations"].values()))

    def test_the_readme_cuts_the_rules_out(self):
        text = (ROOT / "deploy/README.md").read_text(encoding="utf-8")
        command = re.search(r"^(sed .*deploy/monitoring/rules\.yaml) >", text, re.M).group(1)
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
        self.assertEqual(yaml.safe_load(done.stdout), MANIFEST["spec"])

    def test_the_pod_monitor_finds_the_port(self):
        monitor = yaml.safe_load((MONITORING / "pod-monitor.yaml").read_text(encoding="utf-8"))
        deployment = yaml.safe_load((ROOT / "deploy/base/deployment.yaml").read_text(encoding="utf-8"))
        pod = deployment["spec"]["template"]
        self.assertEqual(monitor["metadata"]["namespace"], deployment["metadata"]["namespace"])
        self.assertEqual(monitor["spec"]["selector"], deployment["spec"]["selector"])
        endpoint, = monitor["spec"]["podMetricsEndpoints"]
        self.assertIn(endpoint["port"], [port["name"] for port in pod["spec"]["containers"][0]["ports"]])

    def test_the_panels_do_not_overlap(self):
        taken = set()
        for panel in DASHBOARD["panels"]:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells
        self.assertEqual(len({panel["id"] for panel in DASHBOARD["panels"]}), len(DASHBOARD["panels"]))

    def test_the_data_source_is_a_choice(self):
        self.assertEqual([item["name"] for item in DASHBOARD["templating"]["list"]], ["datasource"])
        for panel in PANELS:
            for item in (panel, *panel["targets"]):
                self.assertEqual(item["datasource"], {"type": "prometheus", "uid": "${datasource}"}, panel["title"])


DAY = 86400
HOUR = 3600  # when the alerts are looked at; time begins with the test
BUCKET = "druid_bridge_review_duration_seconds_bucket"
# Two pods without a worry, a value a minute.
CALM = {
    'druid_bridge_build_info{instance="a"}': "1x120",
    'druid_bridge_build_info{instance="b"}': "1x120",
    'druid_bridge_certificate_expiry_timestamp_seconds{instance="a"}': f"{90 * DAY}x120",
    'druid_bridge_reloads_total{what="certificate",result="failed"}': "0x120",
    'druid_bridge_source_age_seconds{instance="a"}': "90x120",
    'druid_bridge_source_age_seconds{instance="b"}': "0x120",
    'druid_bridge_source_requests_total{verb="get",result="forbidden"}': "0+1x120",
    'druid_bridge_source_requests_total{verb="watch",result="ok"}': "0+1x120",
    'druid_bridge_reviews_total{outcome="patched"}': "0+100x120",
    'druid_bridge_reviews_total{outcome="refused"}': "0x50 2x70",
    'druid_bridge_reviews_total{outcome="failed"}': "1x120",
    'druid_bridge_requests_total{code="200"}': "0+100x120",
    **{f'{BUCKET}{{le="{bound}"}}': "0+100x120" for bound in ("0.001", "0.005", "0.01", "0.1", "1", "+Inf")},
    "druid_bridge_review_duration_seconds_count": "0+100x120",
}


def slow(*bounds):
    """Five in a hundred reviews take longer than each of the bounds."""
    return {f'{BUCKET}{{le="{bound}"}}': "0+95x120" for bound in bounds}


# What is otherwise (None: not there), and which alerts that fires.
WORRIES = {
    "nothing at all": ({}, ""),
    "nobody answers": ({f'druid_bridge_build_info{{instance="{pod}"}}': None for pod in "ab"}, "Down"),
    "one answers": ({'druid_bridge_build_info{instance="b"}': "1x30 _x90"}, "ReplicaMissing"),
    "a certificate has 10 days": (
        {'druid_bridge_certificate_expiry_timestamp_seconds{instance="b"}': f"{10 * DAY + HOUR}x120"},
        "CertificateExpiresSoon"),
    "a certificate has 2 days": (
        {'druid_bridge_certificate_expiry_timestamp_seconds{instance="b"}': f"{2 * DAY + HOUR}x120"},
        "CertificateExpiresSoon CertificateExpires"),
    "a reload failed": ({'druid_bridge_reloads_total{what="certificate",result="failed"}': "0x40 1x80"}, "ReloadFailed"),
    "the cache of one is old": ({'druid_bridge_source_age_seconds{instance="b"}': "0+7x120"}, "SourceStale"),
    "one never heard a thing": ({'druid_bridge_source_age_seconds{instance="b"}': "-1x120"}, "SourceNeverSynced"),
    "lists are forbidden": ({'druid_bridge_source_requests_total{verb="list",result="forbidden"}': "0+1x120"},
                            "SourceForbidden"),
    "somebody goes on writing": ({'druid_bridge_reviews_total{outcome="refused"}': "0+1x120"}, "Refuses"),
    "the first failure ever": ({'druid_bridge_reviews_total{outcome="failed"}': "_x57 1x60"}, "Fails"),
    "one more failure": ({'druid_bridge_reviews_total{outcome="failed"}': "1x55 2x60"}, "Fails"),
    "the first call that is sent away": ({'druid_bridge_requests_total{code="429"}': "_x57 1x60"}, "Overloaded"),
    "five in a hundred take more than 5 ms": (slow("0.001", "0.005"), "Slower"),
    "five in a hundred take more than 100 ms": (slow("0.001", "0.005", "0.01", "0.1"), "Slower Slow"),
    "five in a hundred take more than a second": (slow("0.001", "0.005", "0.01", "0.1", "1"), "Slower Slow TooSlow"),
    "the same with newer bounds": (
        {f'{BUCKET}{{le="1"}}': None, **slow("0.001", "0.005", "0.01", "0.1", "1.0")}, "Slower Slow TooSlow"),
}


@needs_promtool
class Promtool(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = pathlib.Path(work.name)
        self.write("rules.yaml", MANIFEST["spec"])

    def write(self, name, content):
        path = self.work / name
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    def promtool(self, *arguments):
        done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_rules_are_valid(self):
        self.promtool("check", "rules", self.work / "rules.yaml")

    def test_the_queries_of_the_dashboard_are_valid(self):
        queries = [target["expr"].replace("$__rate_interval", "5m") for panel in PANELS for target in panel["targets"]]
        self.promtool("check", "rules", self.write("queries.yaml", {"groups": [{"name": "queries", "rules": [
            {"record": f"query{number}", "expr": query} for number, query in enumerate(queries)]}]}))

    def test_each_alert_fires_when_it_should_and_no_other(self):
        fired = set()
        tests = []
        for sentence, (otherwise, alerts) in WORRIES.items():
            names = {"DruidBridge" + name for name in alerts.split()}
            fired |= names
            firing = 'count by (alertname) (ALERTS{alertstate="firing"})'
            tests.append({
                "name": sentence, "interval": "1m",
                "input_series": [{"series": series, "values": values}
                                 for series, values in {**CALM, **otherwise}.items() if values],
                "promql_expr_test": [{"expr": firing, "eval_time": "1h", "exp_samples": [
                    {"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(names)]}],
            })
        self.assertEqual(fired, {rule["alert"] for rule in RULES}, "an alert that no case fires")
        self.promtool("test", "rules", self.write("tests.yaml", {
            "rule_files": [str(self.work / "rules.yaml")], "evaluation_interval": "1m", "tests": tests}))


if __name__ == "__main__":
    unittest.main()

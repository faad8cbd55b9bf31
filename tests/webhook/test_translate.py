"""POST /translate: the same as --migrate, with the object source supplying what is mounted."""
import base64
import json
import os
import subprocess
import sys
import tempfile
import unittest

import yaml

sys.path.insert(0, os.path.dirname(__file__))
from service import NAMESPACE, PROGRAM, Service, patch_of, read_fixture, review  # noqa: E402

service = None


def setUpModule():
    global service
    service = Service("--open-translate")


def tearDownModule():
    assert service.stop() == 0


def stateful_set(name="etcd-main", **edit):
    """The fixture as it is behind the webhook: with its sidecar."""
    item = yaml.safe_load(read_fixture(name + ".yaml"))
    answer = service.post(review(name))[2]
    sidecar = next(o["value"] for o in patch_of(answer) if o["path"].endswith("/containers/-"))
    item["spec"]["template"]["spec"]["containers"].append(sidecar)
    item["metadata"].update(edit)
    return item


def translate(item):
    return service.post(item, path="/translate")


class Translate(unittest.TestCase):
    def test_it_says_what_migrate_says(self):
        item = stateful_set()
        status, _, answer = translate(item)
        self.assertEqual(status, 200)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "all.yaml")
            report = os.path.join(folder, "report.json")
            with open(path, "w", encoding="utf-8") as file:
                file.write(read_fixture("cluster.yaml") + "---\n" + json.dumps(item))
            subprocess.run([PROGRAM, "--migrate", path, "--report", report, "--report-format", "json"],
                           capture_output=True, check=False, timeout=60)
            with open(report, encoding="utf-8") as file:
                expected = json.load(file)
        self.assertEqual([entry["report"] for entry in answer["items"]], expected["items"])

    def test_items_of_a_typed_list_need_no_kind(self):
        item = stateful_set()
        del item["kind"], item["apiVersion"]
        status, _, answer = translate({"kind": "StatefulSetList", "apiVersion": "apps/v1", "items": [item]})
        self.assertEqual(status, 200)
        self.assertEqual([entry["report"]["statefulSet"] for entry in answer["items"]], ["etcd-main"])

    def test_a_list_gives_an_item_each_in_order_and_what_is_skipped(self):
        other = stateful_set(name="etcd-events")
        prometheus = {"apiVersion": "apps/v1", "kind": "StatefulSet",
                      "metadata": {"name": "prometheus", "namespace": NAMESPACE},
                      "spec": {"selector": {}, "template": {"spec": {"containers": [
                          {"name": "prometheus", "image": "prometheus:1"}]}}}}
        answer = translate({"apiVersion": "v1", "kind": "List",
                            "items": [stateful_set(), prometheus, other]})[2]
        self.assertEqual([i["report"]["statefulSet"] for i in answer["items"]],
                         ["etcd-events", "etcd-main"])
        self.assertEqual([i["statefulSet"] for i in answer["skipped"]], ["prometheus"])

    def test_a_secret_value_is_never_shown_to_who_asks_for_it(self):
        for key, value in (("accessKeyID", "nobody"), ("bucketName", "apples")):
            item = stateful_set()
            env = item["spec"]["template"]["spec"]["containers"][1]["env"]
            env[0]["valueFrom"]["secretKeyRef"]["key"] = key
            text = json.dumps(translate(item)[2])
            self.assertNotIn(base64.b64encode(value.encode()).decode(), text)
            if key == "accessKeyID":
                self.assertNotIn(value, text)
                self.assertIn("StoreContainerUnknown", text)
            else:
                self.assertNotIn("StoreContainerUnknown", text)

    def test_what_is_no_stateful_set_is_refused_with_a_reason(self):
        for body, status, text in ((b"{", 400, "line 1"), (b"[]", 422, ""), (b"{}", 422, ""),
                                   ({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "x"}}, 422, "")):
            got, _, answer = translate(body)
            self.assertEqual((got, answer["kind"], answer["code"]), (status, "Status", status), body)
            self.assertIn(text, answer["message"])
            self.assertTrue(answer["message"])

    def test_the_log_has_a_line_and_metrics_count_it(self):
        translate(stateful_set())
        self.assertIn("outcome=translated", service.wait_for_log("msg=translation"))
        self.assertGreater(service.metric('druid_bridge_requests_total{path="/translate",code="200"}'), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""AdmissionReviews as a real API server sent them, where the folder of shared data is there: served for
every provider; and what is answered when nothing can be decided."""
import glob
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import NAMESPACE, Service, patch_of, read_fixture, review  # noqa: E402

REVIEWS = sorted(glob.glob(os.path.join(os.environ.get("SHARED", "../shared"), "data/reviews/*.json")))
PROVIDERS = ("alicloud", "aws", "azure", "gcp", "openstack", "packet", "vsphere")


# Nobody listens on the discard port.
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: nowhere
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:9"}}]
users: [{name: nobody, user: {token: none}}]
"""


@unittest.skipUnless(REVIEWS, "the folder of shared data is not there")
class RealReviews(unittest.TestCase):
    def test_each_is_served_for_every_provider(self):
        bodies = []
        for path in REVIEWS:
            with open(path, encoding="utf-8") as file:
                bodies.append(json.load(file))
        namespace, = {body["request"]["namespace"] for body in bodies}
        for provider in PROVIDERS:
            service = Service(objects=read_fixture("cluster.yaml", provider).replace(NAMESPACE, namespace))
            self.addCleanup(service.stop)
            for body in bodies:
                status, _, answer = service.post(body)
                self.assertEqual(status, 200)
                response = answer["response"]
                self.assertTrue(response["allowed"], response)
                self.assertEqual(response["uid"], body["request"]["uid"])
                update = body["request"]["operation"] == "UPDATE"
                paths = [o["path"] for o in patch_of(answer)] if "patch" in response else []
                has_sidecar = "/spec/template/spec/containers/-" in paths
                self.assertEqual(has_sidecar, provider != "vsphere", paths)
                if update:
                    self.assertNotIn("/spec/volumeClaimTemplates/0", paths)


class NothingToDecideWith(unittest.TestCase):
    def test_a_source_that_does_not_answer_is_500_and_not_ready(self):
        service = Service(kubeconfig=KUBECONFIG)
        self.addCleanup(service.stop)
        status, _, answer = service.post(review())
        self.assertEqual((status, answer["kind"], answer["code"]), (500, "Status", 500))
        self.assertIn("StatefulSet " + NAMESPACE, answer["message"])
        self.assertEqual(service.operations("/readyz")[0], 503)
        self.assertEqual(service.operations("/healthz")[0], 200)
        self.assertEqual(
            service.metric('druid_bridge_reviews_total{operation="CREATE",outcome="failed"}'), 1)

    def test_an_expired_certificate_is_not_ready(self):
        service = Service(validity="4s")
        self.addCleanup(service.stop)
        self.assertEqual(service.operations("/readyz")[0], 200)
        end = time.monotonic() + 15
        while service.operations("/readyz")[0] == 200 and time.monotonic() < end:
            time.sleep(0.2)
        self.assertEqual(service.operations("/readyz"), (503, "the serving certificate has expired\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""Phases, the guard, Etcds and the fleet, through the server."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import NAMESPACE, Service, patch_of, read_fixture, review  # noqa: E402

CONFIG = """
apiVersion: druid-bridge/v1alpha1
kind: BridgeConfiguration
migration:
  guard: {guard}
  defaultPhase: {phase}
  druidServiceAccounts: [druids/druid]
"""
ETCD = f"""
---
apiVersion: druid.gardener.cloud/v1alpha1
kind: Etcd
metadata: {{name: etcd-main, namespace: {NAMESPACE}}}
"""


class Phases(unittest.TestCase):
    def start(self, phase="legacy", guard="deny", more=""):
        service = Service(config=CONFIG.format(phase=phase, guard=guard),
                          objects=read_fixture("cluster.yaml") + more)
        self.addCleanup(lambda: self.assertEqual(service.stop(), 0))
        self.service = service

    def ask(self, **changes):
        status, _, answer = self.service.post(review(**changes))
        self.assertEqual(status, 200)
        return answer["response"]

    def test_prepare_advises_with_warnings_and_counts_verdict_and_findings(self):
        self.start("prepare")
        response = self.ask()
        self.assertEqual(response["auditAnnotations"], {"decision": "patched", "phase": "prepare"})
        labels = [o["path"] for o in patch_of({"response": response}) if "labels" in o["path"]]
        self.assertEqual(len(labels), 3)
        warnings = response["warnings"]
        self.assertTrue(all(w.startswith("prepare: ") and len(w) <= 120 for w in warnings), warnings)
        self.assertTrue(any("SecretKeyMissing" in w for w in warnings), warnings)
        page = self.service.operations("/metrics")[1]
        self.assertRegex(page, r'druid_bridge_stateful_sets\{phase="prepare",verdict="blocked"\} 1\n')
        self.assertRegex(page, r'druid_bridge_findings\{code="[A-Za-z]+"\} 1\n')

    def test_legacy_says_nothing_of_the_translation(self):
        self.start()
        response = self.ask()
        self.assertNotIn("warnings", response)
        self.ask(name="etcd-events")
        self.ask(name="etcd-events", operation="UPDATE")
        self.ask(name="etcd-events-2")
        self.assertEqual(
            self.service.metric('druid_bridge_stateful_sets{phase="legacy",verdict="unknown"}'), 2)

    def test_a_dry_run_is_not_counted(self):
        self.start()
        self.ask(dryRun=True)
        self.assertNotIn("druid_bridge_stateful_sets{", self.service.operations("/metrics")[1])

    def test_an_etcd_that_moves_on_is_counted_once(self):
        self.start()
        self.ask()
        stateful_set = review()["request"]["object"]
        stateful_set["metadata"]["annotations"] = {"druid-bridge/phase": "off"}
        self.ask(object=stateful_set)
        self.assertEqual(
            self.service.metric('druid_bridge_stateful_sets{phase="legacy",verdict="unknown"}'), 0)
        self.assertEqual(
            self.service.metric('druid_bridge_stateful_sets{phase="off",verdict="unknown"}'), 1)

    def test_handover_refuses_with_a_message_and_an_audit_annotation(self):
        self.start("handover")
        response = self.ask()
        self.assertEqual(response["status"]["code"], 403)
        self.assertIn("its phase is handover", response["status"]["message"])
        self.assertEqual(response["auditAnnotations"], {"decision": "refused", "phase": "handover"})
        changed = review()["request"]["object"]
        changed["spec"]["replicas"] = 0
        self.assertFalse(self.ask(operation="UPDATE", object=changed)["allowed"])
        self.assertTrue(self.ask(operation="UPDATE")["allowed"])
        druid = {"username": "system:serviceaccount:druids:druid"}
        self.assertTrue(self.ask(operation="UPDATE", object=changed, userInfo=druid)["allowed"])

    def test_the_guard_refuses_warns_or_lets_through(self):
        for guard, allowed, warned in (("deny", False, False), ("warn", True, True), ("off", True, False)):
            self.start(guard=guard, more=ETCD)
            response = self.ask()
            self.assertEqual((response["allowed"], "warnings" in response), (allowed, warned), guard)
            self.assertEqual(response["auditAnnotations"]["phase"], "druid")
            self.assertNotIn("patch", response)

    def test_etcds_are_filled_in(self):
        self.start()
        etcd = {"apiVersion": "druid.gardener.cloud/v1alpha1", "kind": "Etcd",
                "metadata": {"name": "etcd-main"}, "spec": {"backup": {}}}
        of_etcds = {"object": etcd, "kind": {"group": "druid.gardener.cloud", "version": "v1alpha1", "kind": "Etcd"},
                    "resource": {"group": "druid.gardener.cloud", "version": "v1alpha1", "resource": "etcds"}}
        response = self.ask(**of_etcds)
        paths = {o["path"] for o in patch_of({"response": response})}
        self.assertEqual(paths, {"/spec/storageCapacity", "/spec/backup/store",
                                 "/spec/backup/fullSnapshotSchedule"})
        self.assertNotIn("patch", self.ask(operation="UPDATE", **of_etcds))

    def test_a_phase_that_is_none_is_refused(self):
        self.start()
        stateful_set = review()["request"]["object"]
        stateful_set["metadata"]["annotations"] = {"druid-bridge/phase": "done"}
        response = self.ask(object=stateful_set)
        self.assertEqual(response["status"]["code"], 422)
        self.assertIn("found phase 'done'", response["status"]["message"])


if __name__ == "__main__":
    unittest.main(verbosity=2)

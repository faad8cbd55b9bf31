"""The table of what a caller can write, asked of the server process."""
import base64
import copy
import json
import os
import re
import sys
import unittest

import yaml

sys.path.insert(0, os.path.dirname(__file__))
from forged import DRUID, STATES, TABLE, Writes, merge, namespace_of  # noqa: E402
from service import NAMESPACE, Service, read_fixture, review  # noqa: E402

ETCD_UID = "0e7c0d00-0000-4000-8000-000000000001"
CONFIG = """
apiVersion: druid-bridge/v1alpha1
kind: BridgeConfiguration
migration: {druidServiceAccounts: [garden/etcd-druid]}
"""
# How an administrator may be called and is nobody's druid.
NOT_DRUID = ("", "admin", "garden/etcd-druid", "system:serviceaccount:garden:etcd-druid2",
             "system:serviceaccount:kube-system:etcd-druid", "system:serviceaccounts:garden")


def etcd(state, name, annotations=None):
    metadata = {"name": name, "namespace": namespace_of(state), "uid": ETCD_UID, "annotations": annotations or {}}
    return {"apiVersion": "druid.gardener.cloud/v1alpha1", "kind": "Etcd", "metadata": metadata}


def cluster(state):
    """The objects of one state's namespace. An Etcd of another name makes certain that there is no other."""
    objects = list(yaml.safe_load_all(read_fixture("cluster.yaml").replace(NAMESPACE, namespace_of(state))))
    # One store prefix, so that what one namespace has stored is right in all.
    next(o for o in objects if o["kind"] == "Cluster")["spec"]["shoot"]["status"]["technicalID"] = NAMESPACE
    if state in ("legacy", "prepare", "handover"):
        next(o for o in objects if o["kind"] == "Namespace")["metadata"]["labels"]["druid-bridge/phase"] = state
    objects.append(etcd(state, "unrelated"))
    if state == "druid":
        objects.append(etcd(state, "etcd-main"))
    if state == "suspended":
        objects.append(etcd(state, "etcd-main", {"druid.gardener.cloud/suspend-etcd-spec-reconcile": "true"}))
    return objects


def request_of(row, state, writes, user="admin"):
    """An AdmissionReview for ROW, as an API server would send it but for what the row forges."""
    written, stored = writes.objects(row)
    request = {
        "operation": "CREATE" if stored is None else "UPDATE",
        "namespace": namespace_of(state),
        "name": (stored or written)["metadata"].get("name", ""),
        "userInfo": {"username": DRUID if row.get("user") == "druid" else user},
        "object": written, "oldObject": stored,
    }
    if row["write"] in ("SCALE", "STATUS"):
        request["subResource"] = row["write"].lower()
    body = review(**request)
    if row["write"] == "SCALE":
        body["request"]["kind"] = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    body["request"] = merge(body["request"], row.get("request", {}))
    return body


def outcome(status, answer):
    if status != 200:
        return status
    response = answer["response"]
    if not response["allowed"]:
        return response["status"]["code"]
    return "patched" if "patch" in response else "unchanged"


class Forged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        objects = [o for state in STATES for o in cluster(state)]
        cls.service = Service(config=CONFIG, objects=yaml.safe_dump_all(objects))
        cls.connection = cls.service.connect()
        cls.writes = {state: cls.prepared(state) for state in STATES}

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        assert cls.service.stop() == 0

    @classmethod
    def ask(cls, body):
        status, _, answer = cls.service.post(body, connection=cls.connection)
        return status, answer

    @classmethod
    def prepared(cls, state):
        """What is stored went through the program when its namespace was in legacy, or in prepare."""
        created = yaml.safe_load(read_fixture("etcd-main.yaml").replace(NAMESPACE, namespace_of(state)))
        birth = state if state == "prepare" else "legacy"
        body = review(namespace=namespace_of(birth), object=merge(
            copy.deepcopy(created), {"metadata": {"namespace": namespace_of(birth)}}))
        _, answer = cls.ask(body)
        stored = copy.deepcopy(created)
        for operation in json.loads(base64.b64decode(answer["response"]["patch"])):
            apply(stored, operation)
        return Writes(created, stored, ETCD_UID)

    def request(self, row, state, user="admin"):
        return request_of(row, state, self.writes[state], user)

    def check(self, row, state, body):
        status, answer = self.ask(body)
        expected = row["expect"][state]
        self.assertEqual(outcome(status, answer), expected, json.dumps(answer)[:600])
        if expected in ("patched", "unchanged") and "warns" in row and state not in row.get("warns_not", []):
            self.assertIn(row["warns"], " ".join(answer["response"].get("warnings", [])))
        return answer

    def test_each_row_in_each_state(self):
        for row in TABLE["rows"]:
            for state in STATES:
                with self.subTest(row["row"], state=state):
                    self.check(row, state, self.request(row, state))

    def test_a_dry_run_and_options_get_the_same_answer(self):
        for row in TABLE["rows"]:
            for state in STATES:
                with self.subTest(row["row"], state=state):
                    body = self.request(row, state)
                    plain = self.ask(body)
                    body["request"]["dryRun"] = True
                    body["request"]["options"] = {"kind": "PatchOptions", "dryRun": ["All"], "force": True,
                                                  "fieldManager": "etcd-druid"}
                    self.assertEqual(self.ask(body), plain)

    def test_nobody_is_druid_by_a_likeness(self):
        row = {"row": "", "write": "UPDATE", "expect": TABLE["usual"]["update"]}
        for user in NOT_DRUID:
            for state in STATES:
                with self.subTest(user, state=state):
                    self.check(row, state, self.request(row, state, user))

    def test_what_is_allowed_is_in_the_audit_log_with_its_phase(self):
        row = {"row": "", "write": "CREATE", "object": {"metadata": {"annotations": {"druid-bridge/phase": "off"}}}}
        _, answer = self.ask(self.request(row, "legacy"))
        self.assertEqual(answer["response"]["auditAnnotations"], {"decision": "unchanged", "phase": "off"})
        row = {"row": "", "write": "UPDATE", "stored": "deleted"}
        _, answer = self.ask(self.request(row, "legacy"))
        self.assertEqual(answer["response"]["auditAnnotations"], {"decision": "unchanged", "phase": "legacy"})

    def test_a_contradiction_names_both_places(self):
        rows = {row["row"]: row for row in TABLE["rows"]}
        for name, parts in (
                ("the object has another name than the request",
                 ("/request/object/metadata/name: found 'etcd-other'", "'etcd-main' as in /request/name")),
                ("the stored object has another namespace",
                 ("/request/oldObject/metadata/namespace: found 'kube-system'", "as in /request/namespace")),
                ("another kind", ("/request/kind: found 'Deployment'", "expected StatefulSet", "/request/resource"))):
            _, answer = self.ask(self.request(rows[name], "legacy"))
            for part in parts:
                self.assertIn(part, answer["message"])

    def test_a_refusal_says_how_to_get_out(self):
        rows = {row["row"]: row for row in TABLE["rows"]}
        for name, state, parts in (
                ("what is created claims an Etcd as its controller", "legacy",
                 ("/metadata/ownerReferences", "'etcd-main'", "remove the owner reference", "user 'admin'")),
                ("a handover that the write ends with another spec", "legacy",
                 ("handover", "set druid-bridge/phase to legacy", "in a write of its own")),
                ("what is created declares legacy", "handover", ("handover", "on its Namespace")),
                ("a phase that cannot be read", "legacy", ("'hand-over'", "correct it in a write of its own")),
                ("a change of the replicas by scale", "handover", ("replicas are frozen", "on the Namespace")),
                ("a change of the replicas by scale", "druid", ("etcd-druid runs it", "change the Etcd instead"))):
            _, answer = self.ask(self.request(rows[name], state))
            for part in parts:
                self.assertIn(part, answer["response"]["status"]["message"])


class Registration(unittest.TestCase):
    def test_no_condition_goes_by_what_a_caller_can_forge(self):
        """Names are the API server's to check; of what is written nothing else counts. What is being deleted is
        guarded, so it has to be sent."""
        with open("deploy/overlays/match-conditions/webhook.yaml", encoding="utf-8") as file:
            operations = yaml.safe_load(file)
        expressions = [c["expression"] for o in operations for c in o.get("value", [])]
        self.assertEqual(len(expressions), 3)
        for expression in expressions:
            fields = set(re.findall(r"\b(?:object|oldObject|request)\.[\w.]+\b", expression))
            self.assertLessEqual(fields, {"object.metadata.name", "oldObject.metadata.name", "oldObject.status",
                                          "oldObject.status.selector", "oldObject.status.selector.contains"})


def apply(target, operation):
    """One operation of a JSON Patch that the program writes."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    for key in parents:
        target = target[int(key)] if isinstance(target, list) else target[key]
    if isinstance(target, list) and last == "-":
        target.append(operation["value"])
    else:
        target[int(last) if isinstance(target, list) else last] = operation["value"]


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""The table of what a caller can write (tests/fixtures/forged/rows.yaml): its rows as objects and requests,
for test_forged.py and for tests/e2e/forged.py."""
import copy
import json

import yaml

with open("tests/fixtures/forged/rows.yaml", encoding="utf-8") as file:
    TABLE = yaml.safe_load(file)
STATES = ("legacy", "prepare", "handover", "druid", "suspended")
DRUID = "system:serviceaccount:garden:etcd-druid"
FORGED_IMAGE = "example.com/forged:1"
DELETED = {"deletionTimestamp": "2020-01-01T00:00:00Z", "deletionGracePeriodSeconds": 0,
           "finalizers": ["example.com/held"]}


def namespace_of(state):
    return "shoot--forged--" + state


def merge(target, change):
    """CHANGE merged into TARGET as a JSON merge patch."""
    for key, value in change.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            target[key] = merge(copy.deepcopy(target.get(key) or {}), value)
        else:
            target[key] = value
    return target


def sidecar_of(stateful_set):
    containers = stateful_set["spec"]["template"]["spec"]["containers"]
    return next((c for c in containers if c["name"] == "backup-restore"), None)


def scale(stateful_set, replicas):
    metadata = {key: stateful_set["metadata"][key] for key in ("name", "namespace")}
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": replicas},
            "status": {"replicas": 1, "selector": "app=etcd-statefulset,role=main"}}


class Writes:
    """Builds what the rows write from an etcd as it is created and as it is stored. UID is the Etcd's."""

    def __init__(self, created, stored, uid):
        self.created, self.stored, self.uid = created, stored, uid

    def filled(self, value):
        return json.loads(json.dumps(value).replace("$etcd", self.uid))

    def stored_for(self, row):
        """What is stored before the write; what is really being deleted is so already, or gets to be."""
        stored = copy.deepcopy(self.stored)
        if row.get("stored") != "deleted":
            return merge(stored, self.filled(row.get("stored", {})))
        if "deletionTimestamp" not in stored["metadata"]:
            stored["metadata"].update(DELETED)
        return stored

    def objects(self, row):
        """What is written, and what is stored (None: nothing)."""
        change = self.filled(row.get("object", {}))
        if row["write"] == "CREATE":
            return merge(copy.deepcopy(self.created), change), None
        if row["write"] == "SCALE":
            return merge(scale(self.stored, 3), change), scale(self.stored, 1)
        stored = self.stored_for(row)
        written = copy.deepcopy(stored)
        if row["write"] == "UPDATE":
            sidecar_of(written)["image"] = FORGED_IMAGE
        else:
            merge(written, {"metadata": {"annotations": {"example.com/forged": "yes"}}})
        return merge(written, change), stored

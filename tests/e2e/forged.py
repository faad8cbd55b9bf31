#!/usr/bin/python3
"""forged.py STATE SERVER CA CERT KEY: asks a real API server every row of tests/fixtures/forged/rows.yaml in the
namespace of STATE, as dry runs. Prints what is otherwise than the table says, and ends with status 1 then.

The namespace is ready, and has no StatefulSet yet: one is stored on the way, by druid's account, which no phase
holds up. What the table wants to be stored beside it is written by statefulsets/status, which is not sent to the
webhook; what is being deleted is so with a finalizer."""
import copy
import http.client
import json
import os
import ssl
import sys
import time
import urllib.parse

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../webhook"))
from forged import DRUID, FORGED_IMAGE, TABLE, Writes, merge, namespace_of, sidecar_of  # noqa: E402

JSON, PATCH = "application/json", "application/json-patch+json"
MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"
DENIED = "denied the request"


class Server:
    def __init__(self, url, authority, certificate, key):
        context = ssl.create_default_context(cafile=authority)
        context.load_cert_chain(certificate, key)
        place = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPSConnection(place.hostname, place.port, timeout=30, context=context)

    def call(self, method, path, body=None, kind=JSON, user=None):
        """Status, body and the warnings of one request."""
        headers = {"Content-Type": kind, "Accept": JSON}
        if user:
            headers["Impersonate-User"] = user
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text), " ".join(answer.headers.get_all("Warning") or [])

    def must(self, *request, **more):
        status, body, _ = self.call(*request, **more)
        if status >= 300:
            raise SystemExit(f"{request[:2]}: {status} {body.get('message')}")
        return body


class Namespace:
    def __init__(self, server, state):
        self.server, self.state = server, state
        self.path = f"/apis/apps/v1/namespaces/{namespace_of(state)}/statefulsets"
        with open("tests/fixtures/e2e/etcd-main.yaml", encoding="utf-8") as file:
            created = yaml.safe_load(file)
        created["metadata"]["namespace"] = namespace_of(state)
        status, etcd, _ = server.call(
            "GET", f"/apis/druid.gardener.cloud/v1alpha1/namespaces/{namespace_of(state)}/etcds/etcd-main")
        uid = etcd["metadata"]["uid"] if status == 200 else "5d1f2c9e-1111-4222-8333-00000000000e"
        self.writes = Writes(created, None, uid)
        self.wrong = []
        self.asked = 0

    def store(self, born):
        """Stores BORN, an etcd as the webhook makes it, whatever the state."""
        born["metadata"] = {key: value for key, value in born["metadata"].items()
                            if key in ("name", "namespace", "labels", "annotations")}
        born.pop("status", None)
        self.server.must("POST", self.path, born, user=DRUID)
        self.read()

    def read(self):
        """What is stored now; without a version, so that writes are unconditional."""
        self.writes.stored = self.server.must("GET", self.path + "/etcd-main")
        self.writes.stored["metadata"].pop("resourceVersion")

    def put_metadata(self, stateful_set):
        """Stores the metadata of STATEFUL_SET unseen by the webhook."""
        empty = {"labels": {}, "annotations": {}, "ownerReferences": []}
        self.server.must("PATCH", self.path + "/etcd-main/status", [
            {"op": "add", "path": "/metadata/" + key, "value": stateful_set["metadata"].get(key, nothing)}
            for key, nothing in empty.items()], kind=PATCH)

    def hold_and_delete(self):
        held = {"metadata": {"finalizers": ["example.com/held"]}}
        self.server.must("PATCH", self.path + "/etcd-main", held, kind=MERGE)
        self.server.must("DELETE", self.path + "/etcd-main")
        self.read()

    # --- rows ---

    def is_asked(self, row):
        return "request" not in row and row["write"] != "STATUS" and self.state in row.get("e2e", [self.state])

    def ways(self, row):
        """The requests that make the write: HTTP's own, and server-side apply, which cannot remove a field
        and has no managed fields to give."""
        written, stored = self.writes.objects(row)
        end = "/scale" if row["write"] == "SCALE" else ""
        if stored is None:
            yield "POST", self.path + "?dryRun=All", written, JSON
        else:
            yield "PUT", f"{self.path}/etcd-main{end}?dryRun=All", written, JSON
        if end or "null" in json.dumps(row.get("object", {})) or "managedFields" in json.dumps(row.get("object", {})):
            return
        applied = copy.deepcopy(written)
        applied["metadata"].pop("managedFields", None)
        name = urllib.parse.quote(applied["metadata"]["name"] if stored is None else "etcd-main")
        yield "PATCH", f"{self.path}/{name}?dryRun=All&force=true&fieldManager=forged", applied, APPLY

    def outcome(self, row, status, body):
        """In the words of the table; None: the API server itself refused."""
        if status >= 300:
            return status if DENIED in body.get("message", "") else None
        if row["write"] == "SCALE":
            written, _ = self.writes.objects(row)
            return "unchanged" if body["spec"]["replicas"] == written["spec"]["replicas"] else "patched"
        if row["write"] == "METADATA":
            return "unchanged" if body["spec"] == self.writes.stored["spec"] else "patched"
        sidecar = sidecar_of(body)
        return "patched" if sidecar and sidecar["image"] != FORGED_IMAGE else "unchanged"

    def judge(self, row, way, status, body, warnings):
        expected = row["expect"][self.state]
        found = self.outcome(row, status, body)
        message = body.get("message", "")
        allowed = expected in ("patched", "unchanged")
        said = row.get("applied" if way[3] == APPLY else "first") or (allowed and row.get("last"))
        right = found is None and said in message if said else found == expected
        if right and found == expected and allowed and self.state not in row.get("warns_not", []):
            right = row.get("warns", "") in warnings
        self.asked += 1
        if not right:
            self.wrong.append(f"{row['row']} ({way[0]}): expected {said or expected}, found {found or status}: "
                              f"{message} {warnings}")

    def run(self, rows):
        for row in rows:
            other = "stored" in row and row["stored"] != "deleted"
            if other:
                self.put_metadata(self.writes.stored_for(row))
            for way in self.ways(row):
                user = DRUID if row.get("user") == "druid" else None
                self.judge(row, way, *self.server.call(*way, user=user))
            if other:
                self.put_metadata(self.writes.stored)


def main(state, *access):
    started = time.monotonic()
    server = Server(*access)
    namespace = Namespace(server, state)
    rows = [row for row in TABLE["rows"] if namespace.is_asked(row)]
    with open(os.environ["BORN"], encoding="utf-8") as file:
        born = json.load(file)
    namespace.run(row for row in rows if row["write"] == "CREATE")
    namespace.store(merge(born, {"metadata": {"namespace": namespace_of(state)}}))
    namespace.run(row for row in rows if row["write"] != "CREATE" and row.get("stored") != "deleted")
    namespace.hold_and_delete()
    namespace.run(row for row in rows if row.get("stored") == "deleted")
    server.must("PATCH", namespace.path + "/etcd-main", {"metadata": {"finalizers": None}}, kind=MERGE)
    for line in namespace.wrong:
        print(line)
    print(f"{namespace.asked} requests for {len(rows)} rows in {time.monotonic() - started:.1f} s")
    return bool(namespace.wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""One bound for the memory of the process: sixteen callers at once with the worst bodies of each shape, on
every route and in every phase; ordinary reviews among them are answered. Prints what it measured.

With FULL=1 (`make memory`) every shape meets every route and phase, else some shapes those that do most with
them."""
import json
import os
import shutil
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import NAMESPACE, Service, read_fixture, review, sanitized  # noqa: E402

MIB = 1 << 20
LIMIT_MIB, CALLERS, EACH = 300, 16, 2
BODY = 7 * MIB
PHASES = ("legacy", "prepare", "handover", "off", "druid")
DRUID = "shoot--garden--druid"
ORDINARY = json.dumps(review(operation="UPDATE")).encode()


def many(piece, size):
    """A list of that PIECE, SIZE bytes long."""
    return b"[" + b",".join([piece] * max(1, (size - 2) // (len(piece) + 1))) + b"]"


def keys(size, value=b"0"):
    """A map of so many bytes with short keys."""
    return b"{" + b",".join(b'"%06x":%s' % (i, value) for i in range(size // (10 + len(value)))) + b"}"


def stateful_set(phase, place, value):
    """A StatefulSet as JSON in which VALUE, raw, stands at PLACE."""
    tree = review()["request"]["object"]
    tree["metadata"]["namespace"] = NAMESPACE
    if phase in ("legacy", "prepare", "handover", "off"):
        tree["metadata"].setdefault("annotations", {})["druid-bridge/phase"] = phase
    node = tree
    for key in place[:-1]:
        node = node.setdefault(key, {}) if isinstance(node, dict) else node[key]
    if isinstance(node, list) or isinstance(place[-1], int):
        node[place[-1]] = "@"
    else:
        node[place[-1]] = "@"
    return json.dumps(tree).encode().replace(b'"@"', value)


POD = ("spec", "template", "spec")
# name, where it stands in the StatefulSet, how SIZE bytes of it are made
SHAPES = (
    ("maps", ("metadata", "x"), lambda size: many(b"{}", size)),
    ("maps of one", ("metadata", "x"), lambda size: many(b'{"k":"f:metadata","v":"some text of managed"}', size)),
    ("lists", ("metadata", "x"), lambda size: many(b"[],0,0,0,0", size)),
    ("numbers", ("metadata", "x"), lambda size: many(b"0", size)),
    ("fractions", ("metadata", "x"), lambda size: many(b"0.5", size)),
    ("strings", ("metadata", "x"), lambda size: many(b'"a"', size)),
    ("keys", ("metadata", "x"), keys),
    ("annotations", ("metadata", "annotations", "x"), lambda size: b'"", ' + keys(size, b'"v"')[1:-1]),
    ("labels", ("metadata", "labels"), lambda size: keys(size, b'"v"')),
    ("one string", ("metadata", "annotations", "x"), lambda size: b'"' + b"a" * size + b'"'),
    ("escapes", ("metadata", "annotations", "x"), lambda size: b'"' + b"\\n" * (size // 2) + b'"'),
    ("variables", (*POD, "containers", 0, "env"), lambda size: many(b'{"name":"A","value":"$(B)"}', size)),
    ("arguments", (*POD, "containers", 0, "args"), lambda size: many(b'"--a=b"', size)),
    ("a script", (*POD, "containers", 0, "command"),
     lambda size: b'["/bin/sh","-c","' + b"A=$A$A;" * (size // 7) + b'"]'),
    ("volumes", (*POD, "volumes"), lambda size: many(b'{"name":"a","emptyDir":{},"a":0,"b":0}', size)),
    ("mounts", (*POD, "containers", 0, "volumeMounts"),
     lambda size: many(b'{"name":"a","mountPath":"/a/b/c","x":0}', size)),
    ("claim templates", ("spec", "volumeClaimTemplates"),
     lambda size: many(b'{"metadata":{"name":"main-etcd"},"spec":{"a":0,"b":0,"c":0}}', size)),
    ("a claim template", ("spec", "volumeClaimTemplates"),
     lambda size: b'[{"metadata":{"name":"main-etcd"},"spec":' + keys(size) + b"}]"),
    ("tolerations", (*POD, "tolerations"), lambda size: many(b'{"key":"a","operator":"Exists"}', size)),
    ("owner references", ("metadata", "ownerReferences"),
     lambda size: many(b'{"kind":"Etcd","apiVersion":"a/v1","x":0}', size)),
)

# Those that a short run looks at.
WORST = ("maps of one", "numbers", "escapes", "volumes")


def mutate_body(phase, place, make, size, update):
    half = size // 2 if update else size
    new = stateful_set(phase, place, make(half))
    request = review(operation="UPDATE" if update else "CREATE")
    if phase == "druid":
        request["request"]["namespace"] = DRUID
        new = new.replace(NAMESPACE.encode(), DRUID.encode())
    request["request"]["object"] = "@new"
    request["request"]["oldObject"] = "@old" if update else None
    text = json.dumps(request).encode()
    old = new.replace(b"image", b"imagE", 1)
    return text.replace(b'"@new"', new).replace(b'"@old"', old if update else b"null")


class Crowd:
    """CALLERS that each post BODY a few times, and one that asks for ordinary reviews meanwhile."""

    def __init__(self, service, path, body):
        self.service, self.path, self.body = service, path, body
        self.statuses, self.latencies, self.failures = [], [], []
        self.over = threading.Event()

    def attack(self):
        for _ in range(EACH):
            try:
                status, headers, answer = self.service.post(self.body, path=self.path)
            except OSError as failure:
                self.failures.append(repr(failure))
                continue
            self.statuses.append(status)
            if status == 429 and headers["Retry-After"] != "1":
                self.failures.append("429 without Retry-After")
            # Limits of what one container may be told count, too: "more than 2048 variables".
            named = ("(--request-memory)", "7 MiB", "more than ")
            if status == 413 and not any(limit in answer["message"] for limit in named):
                self.failures.append(answer["message"])

    def ordinary(self):
        while not self.over.is_set():
            begun = time.monotonic()
            status = self.service.post(ORDINARY)[0]
            self.latencies.append(time.monotonic() - begun)
            if status != 200:
                self.failures.append(f"an ordinary review: {status}")

    def run(self):
        asker = threading.Thread(target=self.ordinary)
        callers = [threading.Thread(target=self.attack) for _ in range(CALLERS)]
        for thread in (asker, *callers):
            thread.start()
        for thread in callers:
            thread.join()
        self.over.set()
        asker.join()


@unittest.skipIf(sanitized(), "the sanitizers take memory of their own")
class Memory(unittest.TestCase):
    def setUp(self):
        etcd = ("\n---\napiVersion: druid.gardener.cloud/v1alpha1\nkind: Etcd\n"
                f"metadata: {{name: etcd-main, namespace: {DRUID}}}\n")
        self.service = Service("--open-translate", "--request-timeout", "30s", objects=read_fixture("cluster.yaml") + etcd)
        self.latencies = []

    def tearDown(self):
        self.end(self.service)

    @staticmethod
    def end(service):
        if service.process.poll() is None:
            service.process.kill()
        service.process.wait()
        shutil.rmtree(service.folder, ignore_errors=True)

    def status(self, what):
        with open(f"/proc/{self.service.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith(what))

    def forget_peak(self):
        with open(f"/proc/{self.service.process.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")

    def rows(self):
        """Shape, route, phase, body: as much as a body may be, and as much as is answered."""
        full = os.environ.get("FULL")
        for name, place, make in SHAPES:
            if not full and name not in WORST:
                continue
            for size in (BODY - 20000, BODY // 6):
                for phase in PHASES if full else ("prepare",):
                    for update in (False, True) if full else (True,):
                        yield (name, "/mutate", phase + (" update" if update else " create"),
                               mutate_body(phase, place, make, size, update))
            for size in (BODY - 20000, MIB // 3, MIB // 16):
                yield name, "/translate", "", stateful_set("none", place, make(size))

    def test_the_worst_callers_stay_within_the_bound_and_ordinary_ones_are_served(self):
        peak = 0
        for name, path, phase, body in self.rows():
            crowd = Crowd(self.service, path, body[:BODY])
            self.forget_peak()
            crowd.run()
            row = self.status("VmHWM")
            peak = max(peak, row)
            self.latencies += crowd.latencies
            counts = {status: crowd.statuses.count(status) for status in sorted(set(crowd.statuses))}
            print(f"{name:18} {path:10} {phase:16} {len(body) / MIB:5.2f} MiB  peak {row:4.0f} MiB  "
                  f"ordinary: {len(crowd.latencies):4} longest {max(crowd.latencies):.3f} s  {counts}", flush=True)
            self.assertEqual(crowd.failures, [])
            self.assertLess(row, LIMIT_MIB)
        self.latencies.sort()
        late = self.latencies[int(len(self.latencies) * 0.99)]
        print(f"peak {peak:.0f} MiB; {len(self.latencies)} ordinary reviews, 99 % within {late:.3f} s; "
              f"at rest {self.status('VmRSS'):.0f} MiB")
        self.assertLess(late, 1)
        self.assertLess(self.status("VmRSS"), 60)
        self.assertEqual(self.service.stop(), 0)

    def test_what_the_object_source_makes_of_a_small_list_stays_within_the_bound(self):
        self.end(self.service)
        unknown = "data-dir: /data\n" + "".join(f"an-unknown-setting-{i}: v\n" for i in range(2000))
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": NAMESPACE},
                  "data": {"etcd.conf.yaml": unknown}}
        pod = {"containers": [{"name": "etcd", "image": "etcd:v3.4.13", "volumeMounts": [{"name": "c", "mountPath": "/c"}],
                               "command": ["etcd", "--config-file=/c/etcd.conf.yaml"]}],
               "volumes": [{"name": "c", "configMap": {"name": "c"}}]}
        items = [{"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": f"e{i}", "namespace": NAMESPACE},
                  "spec": {"template": {"spec": pod}}} for i in range(100)]
        self.service = Service("--open-translate", "--request-timeout", "30s", objects=json.dumps(config))
        one = self.service.post(items[0], path="/translate")
        self.assertEqual(one[0], 200)
        self.assertGreater(len(json.dumps(one[2])), MIB // 2, "a report of its own that the body does not show")
        status, _, answer = self.service.post({"kind": "List", "items": items}, path="/translate")
        self.assertEqual(status, 413)
        self.assertIn("(--request-memory); a List can be sent in parts", answer["message"])
        self.assertLess(self.status("VmHWM"), LIMIT_MIB)
        self.assertEqual(self.service.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

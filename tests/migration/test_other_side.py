"""Nothing lost, seen from the other side: what druid would give etcd and its sidecar, derived from the printed
Etcd by druid's own rules, beside what the StatefulSet gives them today, derived from it by etcd's and the
sidecar's. Neither half knows the translator. What differs must be named in the report.

Sources: etcd-druid v0.37.1, internal/component/{statefulset,configmap}; etcd 3.3 and 3.4, server/embed;
etcd-backup-restore, pkg/types and pkg/server."""

import base64
import re
import unittest

import yaml

import support
from support import fixture, kind, load, prepared


# --- units ---

def nanoseconds(text):
    if re.fullmatch(r"[0-9]+", str(text)):
        return int(text) * 10**9
    units = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
    parts = re.findall(r"([0-9.]+)(ns|us|µs|ms|s|m|h)", text)
    assert "".join(n + u for n, u in parts) == text, text
    return round(sum(float(n) * units[u] for n, u in parts))


def quantity(text):
    factors = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
    number, suffix = re.fullmatch(r"([0-9.]+)([a-zA-Z]*)", str(text)).groups()
    return int(float(number) * factors[suffix])


def field_values(text, low, high):
    """The values of one field of a cron expression, as robfig/cron reads it."""
    values = set()
    for member in text.split(","):
        span, _, step = member.partition("/")
        if span in ("*", "?"):
            first, last = low, high
        elif "-" in span:
            first, last = map(int, span.split("-"))
        else:
            first = int(span)
            last = high if step else first
        values |= set(range(first, last + 1, int(step or 1)))
    return frozenset(values)


def moments(schedule):
    words = {"@daily": "0 0 * * *", "@hourly": "0 * * * *", "@weekly": "0 0 * * 0"}
    fields = words.get(schedule, schedule).split()
    ranges = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
    return tuple(field_values(f, *r) for f, r in zip(fields, ranges))


def retention(mode, text):
    """What etcd compacts: nothing, a number of revisions, or nanoseconds."""
    if not text or str(text) == "0":
        return "off"
    if mode == "revision":
        return f"{int(text)} revisions"
    return int(text) * 3600 * 10**9 if re.fullmatch("[0-9]+", str(text)) else nanoseconds(text)


# --- druid's side ---

def druids(etcd):
    """What druid would run for ETCD."""
    name, namespace, spec = etcd["metadata"]["name"], etcd["metadata"]["namespace"], etcd["spec"]
    e, b, shared = spec["etcd"], spec["backup"], spec.get("sharedConfig", {})
    template = spec.get("volumeClaimTemplate", name)
    store = b.get("store")
    side = {
        "claims": [f"{template}-{name}-{i}" for i in range(spec["replicas"])],
        "data in the volume": "new.etcd",
        "storage": (spec.get("storageClass") or None, str(spec.get("storageCapacity", "16Gi"))),
        "pod labels": {**spec["labels"], "app.kubernetes.io/managed-by": "etcd-druid",
                       "app.kubernetes.io/part-of": name, "app.kubernetes.io/name": name,
                       "app.kubernetes.io/component": "etcd-statefulset"},
        "client port": e.get("clientPort", 2379),
        "peer port": e.get("serverPort", 2380),
        "quota": quantity(e.get("quota", "8Gi")),
        "snapshot count": e.get("snapshotCount", 10000),
        "metrics": e.get("metrics", "basic"),
        "compaction": (retention(shared.get("autoCompactionMode", "periodic"),
                                 shared.get("autoCompactionRetention", "30m"))),
        "etcd's resources": e.get("resources", {"requests": {"cpu": "50m", "memory": "128Mi"}}),
        "client TLS": secrets(e.get("clientUrlTls")),
        "peer TLS": secrets(e.get("peerUrlTls"), client=False),
        "root": spec.get("runAsRoot", False),
    }
    if store or any(k != "resources" for k in b):
        side["sidecar's resources"] = b.get("resources", {"requests": {"cpu": "50m", "memory": "128Mi"}})
        side["sidecar's port"] = b.get("port", 8080)
        side["sidecar's TLS"] = secrets(b.get("tls"))
        side["defragmentation"] = (moments(e.get("defragmentationSchedule", "0 0 */3 * *")),
                                   nanoseconds(e.get("etcdDefragTimeout", "15m")))
    if store:
        policy = b.get("garbageCollectionPolicy", "LimitBased")
        side.update({
            "store": (store["provider"], store["container"], store["prefix"], store.get("secretRef", {}).get("name"),
                      store.get("endpointOverride", "")),
            "full snapshots": moments(b.get("fullSnapshotSchedule", "0 */1 * * *")),
            "delta snapshots": (nanoseconds(b.get("deltaSnapshotPeriod", "20s")),
                                quantity(b.get("deltaSnapshotMemoryLimit", "100Mi")),
                                nanoseconds(b.get("deltaSnapshotRetentionPeriod", "0s"))),
            "garbage collection": (policy, b.get("maxBackupsLimitBasedGC", 7) if policy == "LimitBased" else None,
                                   nanoseconds(b.get("garbageCollectionPeriod", "1m"))),
            "snapshot timeout": nanoseconds(b.get("etcdSnapshotTimeout", "15m")),
        })
    assert namespace
    return side


def secrets(tls, client=True):
    if tls is None:
        return None
    ca = tls["tlsCASecretRef"]
    found = {"ca": (ca["name"], ca.get("dataKey", "ca.crt")), "server": tls["serverTLSSecretRef"]["name"]}
    if client:
        found["client"] = tls["clientTLSSecretRef"]["name"]
    return found


# --- today's side ---

class Today:
    """What the StatefulSet of OBJECTS gives etcd and the sidecar."""

    def __init__(self, objects):
        self.objects = objects
        self.sts = kind(objects, "StatefulSet")
        self.pod = self.sts["spec"]["template"]["spec"]
        self.namespace = self.sts["metadata"]["namespace"]
        self.etcd = next(c for c in self.pod["containers"] if c["name"] == "etcd")
        self.sidecar = next((c for c in self.pod["containers"] if c["name"] == "backup-restore"), None)
        self.options = self.flags(self.sidecar) if self.sidecar else {}
        self.config = self.configuration()

    def find(self, wanted, name):
        return next((o for o in self.objects if o["kind"] == wanted and o["metadata"]["name"] == name), None)

    @staticmethod
    def flags(container):
        words = container.get("command", []) + container.get("args", [])
        return dict(w.lstrip("-").split("=", 1) if "=" in w else (w.lstrip("-"), "true")
                    for w in words if w.startswith("-"))

    def configuration(self):
        """etcd's settings as flags are called: of the file, where there is one, else flags and variables."""
        for volume in self.pod.get("volumes", []):
            source = self.find("ConfigMap", volume.get("configMap", {}).get("name"))
            for text in (source or {}).get("data", {}).values():
                parsed = yaml.safe_load(text) if "data-dir:" in text else None
                if isinstance(parsed, dict):
                    for side, prefix in (("client", ""), ("peer", "peer-")):
                        for key, value in parsed.pop(f"{side}-transport-security", {}).items():
                            parsed[prefix + key] = value
                    return parsed
        settings = {v["name"][5:].lower().replace("_", "-"): v.get("value")
                    for v in self.etcd.get("env", []) if v["name"].startswith("ETCD_")}
        return {**settings, **self.flags(self.etcd)}

    def volume_of(self, container, path):
        """The volume's name and the path in it."""
        best = max((m for m in container["volumeMounts"]
                    if (path + "/").startswith(m["mountPath"].rstrip("/") + "/")), key=lambda m: len(m["mountPath"]))
        inside = path[len(best["mountPath"].rstrip("/")):].strip("/")
        return best["name"], "/".join(p for p in (best.get("subPath", ""), inside) if p)

    def secret_of(self, container, path):
        """The Secret and the key behind a file."""
        name, inside = self.volume_of(container, path)
        volume = next(v for v in self.pod["volumes"] if v["name"] == name)
        sources = [volume["secret"]] if "secret" in volume else [
            s["secret"] for s in volume["projected"]["sources"] if "secret" in s]
        for source in sources:
            keys = {i["path"]: i["key"] for i in source.get("items", [])} or {inside: inside}
            secret = source.get("secretName") or source.get("name")
            if inside in keys and (len(sources) == 1 or "items" in source or inside == "ca.crt"):
                return secret, keys[inside]
        raise AssertionError(path)

    def etcd_tls(self, prefix, with_client):
        if not self.config.get(prefix + "cert-file"):
            return None
        found = {"ca": self.secret_of(self.etcd, self.config[prefix + "trusted-ca-file"]),
                 "server": self.secret_of(self.etcd, self.config[prefix + "cert-file"])[0]}
        if with_client:
            found["client"] = self.secret_of(self.sidecar, self.options["cert"])[0]
        return found

    def sidecar_tls(self):
        if not self.options.get("server-cert"):
            return None
        named = {v["name"]: v["secret"]["secretName"] for v in self.pod["volumes"] if "secret" in v}
        bundle = self.flags(self.etcd).get("backup-restore-ca-cert-bundle-path", "/ca.crt")
        return {"ca": (named["backup-restore-ca"], bundle.rsplit("/", 1)[1]),
                "server": self.secret_of(self.sidecar, self.options["server-cert"])[0],
                "client": named["backup-restore-client-tls"]}

    def store(self):
        providers = {"S3": "aws", "GCS": "gcp", "ABS": "azure", "Swift": "openstack", "OSS": "alicloud"}
        variables = {v["name"]: v for v in self.sidecar.get("env", [])}
        container, secret = self.options.get("store-container"), None
        variable = variables.pop("STORAGE_CONTAINER", {})
        if not container and variable.get("valueFrom"):
            reference = variable["valueFrom"]["secretKeyRef"]
            held = self.find("Secret", reference["name"])
            container = held.get("stringData", {}).get(reference["key"]) or base64.b64decode(
                held["data"][reference["key"]]).decode()
        container = container or variable.get("value")
        for name, one in variables.items():
            reference = one.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                secret = secret or reference["name"]
            elif name.endswith("APPLICATION_CREDENTIALS"):
                volume = next(v for v in self.pod["volumes"]
                              if v["name"] == self.volume_of(self.sidecar, one["value"])[0])
                secret = volume["projected"]["sources"][0]["secret"]["name"]
        return (providers[self.options["storage-provider"]], container, self.options["store-prefix"], secret,
                self.options.get("store-endpoint-override", ""))

    def port(self, setting, names, usual):
        found = re.search(r":([0-9]+)$", str(self.config.get(setting) or ""))
        if found:
            return int(found.group(1))
        return next((p["containerPort"] for p in self.etcd.get("ports", []) if p.get("name") in names), usual)

    def option(self, *names, default):
        return next((self.options[n] for n in names if n in self.options), default)

    def side(self):
        config, spec = self.config, self.sts["spec"]
        volume, inside = self.volume_of(self.etcd, config["data-dir"])
        claim = next(c for c in spec["volumeClaimTemplates"] if c["metadata"]["name"] == volume)
        user = self.etcd.get("securityContext", {}).get("runAsUser",
                                                        self.pod.get("securityContext", {}).get("runAsUser", 0))
        side = {
            "claims": [f"{volume}-{self.sts['metadata']['name']}-{i}" for i in range(spec.get("replicas", 1))],
            "data in the volume": inside,
            "storage": (claim["spec"].get("storageClassName"), claim["spec"]["resources"]["requests"]["storage"]),
            "pod labels": spec["template"]["metadata"]["labels"],
            "client port": self.port("listen-client-urls", ("client", "clientport"), 2379),
            "peer port": self.port("listen-peer-urls", ("peer", "server", "serverport"), 2380),
            "quota": int(config.get("quota-backend-bytes") or 0) or 2 * 2**30,
            "snapshot count": int(config.get("snapshot-count", 100000)),
            "metrics": config.get("metrics", "basic"),
            "compaction": retention(config.get("auto-compaction-mode", "periodic"),
                                    config.get("auto-compaction-retention")),
            "etcd's resources": self.etcd.get("resources", {}),
            "client TLS": self.etcd_tls("", True),
            "peer TLS": self.etcd_tls("peer-", False),
            "root": user == 0,
        }
        if self.sidecar:
            self.add_sidecar(side)
        return side

    def add_sidecar(self, side):
        old = any("period-seconds" in o for o in self.options)
        side["sidecar's resources"] = self.sidecar.get("resources", {})
        side["sidecar's port"] = int(self.option("server-port", default=8080))
        side["sidecar's TLS"] = self.sidecar_tls()
        side["defragmentation"] = (moments(self.option("defragmentation-schedule", default="0 0 */3 * *")),
                                   nanoseconds(self.option("etcd-defrag-timeout", default="15m" if old else "8m")))
        if self.options.get("storage-provider", "") in ("", "Local"):
            return
        policy = self.option("garbage-collection-policy", default="Exponential")
        side.update({
            "store": self.store(),
            "full snapshots": moments(self.option("schedule", default="0 */1 * * *")),
            "delta snapshots": (
                nanoseconds(self.option("delta-snapshot-period", "delta-snapshot-period-seconds", default="20s")),
                int(self.option("delta-snapshot-memory-limit", default=10 * 2**20)),
                nanoseconds(self.option("delta-snapshot-retention-period", default="0s"))),
            "garbage collection": (
                policy, int(self.option("max-backups", default=7)) if policy == "LimitBased" else None,
                nanoseconds(self.option("garbage-collection-period", "garbage-collection-period-seconds",
                                        default="1m"))),
            # The sidecar of 2019 has no such timeout: whatever druid takes is as good.
            "snapshot timeout": nanoseconds(self.option("etcd-snapshot-timeout", default="15m" if old else "8m")),
        })


# --- the comparison ---

def differences(today, tomorrow):
    """The keys in which the two sides differ; druid may add labels, but not change any."""
    found = {key for key in today.keys() | tomorrow.keys() if key != "pod labels" and
             today.get(key) != tomorrow.get(key)}
    return found | {f"label {key}" for key, value in today["pod labels"].items()
                    if tomorrow["pod labels"].get(key) != value}


def named(item):
    """The keys that the report's findings own up to."""
    keys = {"SettingWithoutField": set(), "LabelOverridden": {"label app.kubernetes.io/name",
                                                              "label app.kubernetes.io/component"},
            "PeriodNotExpressible": {"garbage collection"}}
    return set().union(*(keys.get(f["code"], set()) for f in item["findings"]))


def edited(name, edit):
    objects = fixture(name)
    edit(kind(objects, "StatefulSet")["spec"]["template"]["spec"]["containers"])
    return objects


def without(container, field, beginning):
    container[field] = [w for w in container[field] if not w.startswith(beginning)]


def cases():
    """What is adopted: fixtures, variations of them, and the shared sources after the prepare phase."""
    yield "plain", fixture("plain")
    yield "secured", fixture("secured")
    for flag in ("--quota-backend-bytes", "--snapshot-count", "--auto-compaction-retention", "--metrics",
                 "--auto-compaction-mode"):
        yield f"plain without {flag}", edited("plain", lambda c, f=flag: without(c[0], "command", f))
    for flag in ("--schedule", "--delta-snapshot-period", "--delta-snapshot-memory-limit",
                 "--garbage-collection-policy", "--garbage-collection-period", "--max-backups",
                 "--etcd-snapshot-timeout", "--etcd-defrag-timeout", "--defragmentation-schedule"):
        yield f"plain without {flag}", edited("plain", lambda c, f=flag: without(c[1], "args", f))
    for schedule in ("0 1,13 * * *", "0,20,40 * * * *", "5 4 * * 0", "@daily", "0 8-17 * * 1-5"):
        yield f"plain at {schedule}", edited(
            "plain", lambda c, s=schedule: (without(c[1], "args", "--schedule"), c[1]["args"].append(f"--schedule={s}")))
    yield "plain without resources", edited("plain", lambda c: (c[0].pop("resources"), c[1].pop("resources")))
    yield "plain collecting every minute", edited(
        "plain", lambda c: (without(c[1], "args", "--garbage-collection-period"),
                            c[1]["args"].append("--garbage-collection-period=60s")))
    yield "plain collecting too often for the schema", edited(
        "plain", lambda c: (without(c[1], "args", "--garbage-collection-period"),
                            c[1]["args"].append("--garbage-collection-period=2m")))
    if support.SOURCES.exists():
        for name in ("gardener-main-renewed-certificate", "etcdbr-chart-0.7.3", "etcdbr-chart-gcs-3",
                     "etcdbr-chart-s3"):
            yield name, prepared(load(support.SOURCES / f"{name}.yaml"))


class OtherSide(unittest.TestCase):
    def test_druid_gives_etcd_and_sidecar_what_they_have_today(self):
        count = 0
        for name, objects in cases():
            with self.subTest(name):
                etcd, item = support.migrate(objects)
                self.assertIsNotNone(etcd, [f for f in item["findings"] if f["severity"] == "blocker"])
                self.assertEqual(item["strategy"], "adopt")
                today, tomorrow = Today(objects).side(), druids(etcd)
                different = differences(today, tomorrow)
                self.assertLessEqual(different, named(item), {k: (today.get(k), tomorrow.get(k)) for k in different})
                count += 1
        self.assertGreater(count, 20)

    def test_a_loss_would_be_seen(self):
        objects = fixture("plain")
        etcd, _ = support.migrate(objects)
        today = Today(objects).side()
        for field in ("maxBackupsLimitBasedGC", "deltaSnapshotMemoryLimit", "fullSnapshotSchedule"):
            broken = yaml.safe_load(yaml.safe_dump(etcd))
            del broken["spec"]["backup"][field]
            self.assertTrue(differences(today, druids(broken)), field)
        for field in ("volumeClaimTemplate", "storageClass"):
            broken = yaml.safe_load(yaml.safe_dump(etcd))
            del broken["spec"][field]
            self.assertTrue(differences(today, druids(broken)), field)


if __name__ == "__main__":
    support.main()

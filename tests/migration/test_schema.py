"""What is printed, held against the schemas of the Etcd: known fields, types, patterns, enumerations,
what is required, and the rules that go beyond that (in CEL)."""

import re
import unittest

import yaml

import support

SCHEMAS = {"v0.37": "etcds-v0.37.1.yaml", "v0.38": "etcds-v0.38-dev.yaml"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}


def schema(version):
    crd = yaml.safe_load((support.SHARED / "data/crds" / SCHEMAS[version]).read_text(encoding="utf-8"))
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def problems(value, rules, path=""):
    """What is wrong with VALUE, as lines."""
    if value is None:
        return [f"{path}: null"]
    if rules.get("x-kubernetes-int-or-string"):
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            return [f"{path}: {value!r} is no quantity"]
        if not re.search(rules.get("pattern", ""), str(value)):
            return [f"{path}: {value!r} does not match"]
        return []
    if not isinstance(value, TYPES[rules["type"]]) or (rules["type"] == "integer" and isinstance(value, bool)):
        return [f"{path}: {value!r} is no {rules['type']}"]
    found = []
    if "pattern" in rules and not re.search(rules["pattern"].replace("$", r"\Z"), value):
        found.append(f"{path}: {value!r} does not match {rules['pattern']}")
    if "enum" in rules and value not in rules["enum"]:
        found.append(f"{path}: {value!r} is none of {rules['enum']}")
    if isinstance(value, str) and len(value) > rules.get("maxLength", len(value)):
        found.append(f"{path}: {value!r} is too long")
    if isinstance(value, list):
        if not rules.get("minItems", 0) <= len(value) <= rules.get("maxItems", len(value)):
            found.append(f"{path}: {len(value)} items")
        for number, item in enumerate(value):
            found += problems(item, rules["items"], f"{path}/{number}")
    if isinstance(value, dict):
        found += [f"{path}: {key} is missing" for key in rules.get("required", []) if key not in value]
        known, others = rules.get("properties"), rules.get("additionalProperties")
        for key, member in value.items():
            if known and key in known:
                found += problems(member, known[key], f"{path}/{key}")
            elif isinstance(others, dict):
                found += problems(member, others, f"{path}/{key}")
            elif known is not None and not rules.get("x-kubernetes-preserve-unknown-fields"):
                found.append(f"{path}/{key}: would be pruned")
    return found


def seconds(duration):
    units = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
    return int(sum(float(n) * units[u] for n, u in re.findall(r"([0-9.]+)(ns|us|µs|ms|s|m|h)", duration)))


def rule_problems(etcd):
    """The rules in CEL, which older API servers do not apply."""
    backup, section = etcd["spec"]["backup"], etcd["spec"]["etcd"]
    found = []
    if {"deltaSnapshotPeriod", "garbageCollectionPeriod"} <= set(backup) and \
            seconds(backup["deltaSnapshotPeriod"]) >= seconds(backup["garbageCollectionPeriod"]):
        found.append("garbageCollectionPeriod is not longer than deltaSnapshotPeriod")
    bootstrap = section.get("bootstrapWithExistingCluster")
    if bootstrap:
        for member in bootstrap["members"]:
            for url in member["peerUrls"]:
                if url.startswith("https://") != ("peerUrlTls" in section):
                    found.append(f"{url} beside peerUrlTls")
            if member["name"].startswith(etcd["metadata"]["name"] + "-"):
                found.append(f"member {member['name']}")
        for url in bootstrap["clientEndpoints"]:
            if url.startswith("https://") != ("clientUrlTls" in section):
                found.append(f"{url} beside clientUrlTls")
    return found


def empties(value, path=""):
    """Empty maps and lists, and nulls."""
    if isinstance(value, dict) and value:
        return [e for k, v in value.items() for e in empties(v, f"{path}/{k}")]
    if isinstance(value, list) and value:
        return [e for n, v in enumerate(value) for e in empties(v, f"{path}/{n}")]
    return [] if value not in (None, {}, []) else [path]


def cases():
    """Objects and arguments of what should be printed."""
    yield "plain", support.fixture("plain"), ()
    yield "plain, joining", support.fixture("plain"), ("--strategy", "join", "--druid-version", "v0.38")
    yield "plain, restored", support.fixture("plain"), ("--strategy", "restore", "--old-is-stopped")
    yield "secured", support.fixture("secured"), ()
    yield "secured, joining", support.fixture("secured"), ("--strategy", "join", "--druid-version", "v0.38")
    yield "trio, joining", support.fixture("trio"), ("--druid-version", "v0.38")
    for name in ("gardener-main-renewed-certificate", "etcdbr-chart-0.7.3", "etcdbr-chart-gcs-3",
                 "etcdbr-chart-s3"):
        yield name, support.prepared(support.load(support.SOURCES / f"{name}.yaml")), ()
    yield "three that join", support.load(support.SOURCES / "etcdbr-chart-gcs-3.yaml"), (
        "--druid-version", "v0.38", "--etcd-version", "3.4.34")


class Schema(unittest.TestCase):
    def setUp(self):
        if not (support.SHARED / "data/crds").exists():
            self.skipTest("the schemas are not here")

    def test_what_is_printed_fits_the_schema_and_its_rules(self):
        for name, objects, arguments in cases():
            with self.subTest(name):
                etcd, item = support.migrate(objects, *arguments)
                self.assertIsNotNone(etcd, item["findings"])
                newer = ["v0.38"] if "--druid-version" in arguments else ["v0.37", "v0.38"]
                for version in newer:
                    self.assertEqual(problems(etcd, schema(version)), [])
                self.assertEqual(rule_problems(etcd), [])

    def test_nothing_empty_is_printed_but_what_means_something(self):
        for name, objects, arguments in cases():
            with self.subTest(name):
                etcd, _ = support.migrate(objects, *arguments)
                allowed = {"/spec/backup", "/spec/etcd/resources", "/spec/backup/resources"}
                self.assertLessEqual(set(empties(etcd)), allowed)

    def test_the_check_itself_sees_what_is_wrong(self):
        etcd, _ = support.migrate(support.fixture("plain"))
        rules = schema("v0.37")
        for change in (lambda e: e["spec"]["backup"].update(fullSnapshotSchedule="0 1,2 * * *"),
                       lambda e: e["spec"]["etcd"].update(novelty=1),
                       lambda e: e["spec"].pop("labels"),
                       lambda e: e["spec"]["etcd"].update(metrics="loud"),
                       lambda e: e["spec"]["backup"]["store"].update(container="a/b")):
            broken = yaml.safe_load(yaml.safe_dump(etcd))
            change(broken)
            self.assertNotEqual(problems(broken, rules), [])


if __name__ == "__main__":
    support.main()

"""--migrate as a person calls it: inputs, outputs, reports, exit status."""

import json
import pathlib
import tempfile
import unittest

import yaml

import support
from support import fixture, kind, load, run

PLAIN = support.FIXTURES / "plain.yaml"
TRIO = support.FIXTURES / "trio.yaml"


def strip(result):
    """The report's text without warnings about what was left out."""
    return json.loads(result.stderr[result.stderr.index("{"):])


class Command(unittest.TestCase):
    def test_a_translated_one_is_status_0_and_yaml(self):
        result = run(PLAIN)
        self.assertEqual(result.returncode, 0, result.stderr)
        etcd = yaml.safe_load(result.stdout)
        self.assertEqual((etcd["kind"], etcd["metadata"]["name"]), ("Etcd", "stock"))
        self.assertIn("strategy adopt: ready", result.stderr)

    def test_yaml_and_json_are_the_same_tree(self):
        for path, more in ((PLAIN, ()), (TRIO, ("--strategy", "join", "--druid-version", "v0.38"))):
            as_yaml, as_json = run(path, *more), run(path, "--output", "json", *more)
            self.assertEqual(as_yaml.returncode, 0, as_yaml.stderr)
            self.assertEqual(yaml.safe_load(as_yaml.stdout), json.loads(as_json.stdout))

    def test_a_blocked_one_is_status_2_and_not_printed(self):
        result = run(TRIO)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("MultipleMembers", result.stderr)

    def test_the_others_are_printed_beside_a_blocked_one(self):
        result = run(TRIO, PLAIN)
        self.assertEqual(result.returncode, 2)
        self.assertEqual([e["metadata"]["name"] for e in yaml.safe_load_all(result.stdout)], ["stock"])
        self.assertEqual(json.loads(run(TRIO, PLAIN, "--output", "json").stdout)["kind"], "Etcd")

    def test_strict_is_status_3_with_warnings_and_2_wins(self):
        self.assertEqual(run(PLAIN, "--strict").returncode, 0)
        objects = fixture("plain")
        kind(objects, "StatefulSet")["spec"]["template"]["spec"]["nodeSelector"] = {"a": "b"}
        text = yaml.safe_dump_all(objects)
        self.assertEqual(run("-", stdin=text).returncode, 0)
        result = run("-", "--strict", stdin=text)
        self.assertEqual(result.returncode, 3)
        self.assertIn("kind: Etcd", result.stdout)
        self.assertEqual(run("-", TRIO, "--strict", stdin=text).returncode, 2)

    def test_usage_and_unreadable_input_are_status_1(self):
        for arguments in (("/nowhere.yaml",), (PLAIN, "--druid-version", "v0.36"),
                          (PLAIN, "--druid-version", "v0.22.1"), (PLAIN, "--strategy", "hope"),
                          (PLAIN, "--target-etcd-version", "3.6"), (PLAIN, "--etcd-version", "new"),
                          (PLAIN, "--output", "xml"), (PLAIN, "--report", "/nowhere/report")):
            result = run(*arguments)
            self.assertEqual((result.returncode, result.stdout), (1, ""), arguments)
            self.assertTrue(result.stderr.strip(), arguments)
        for text in ("{", "kind: StatefulSet\n", "[1]"):
            result = run("-", stdin=text)
            self.assertEqual((result.returncode, result.stdout), (1, ""), text)

    def test_a_broken_stateful_set_names_itself_and_its_field(self):
        objects = fixture("plain")
        kind(objects, "StatefulSet")["spec"]["template"]["spec"]["containers"] = "none"
        result = run("-", stdin=yaml.safe_dump_all(objects))
        # Without containers there is no etcd in it: it is skipped, not guessed at.
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        self.assertIn("stock", result.stderr)
        objects = fixture("plain")
        kind(objects, "StatefulSet")["spec"]["replicas"] = "three"
        result = run("-", stdin=yaml.safe_dump_all(objects))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("StatefulSet shop/stock", result.stderr)
        self.assertIn("/spec/replicas", result.stderr)

    def test_nothing_is_printed_when_a_later_one_is_broken(self):
        objects = fixture("plain")
        broken = kind(fixture("plain"), "StatefulSet")
        broken["metadata"]["name"] = "zebra"
        broken["spec"]["replicas"] = -1
        result = run("-", "--output", "json", stdin=yaml.safe_dump_all(objects + [broken]))
        self.assertEqual((result.returncode, result.stdout), (1, ""))

    def test_several_are_a_list_in_order_whatever_the_order_of_input(self):
        copies = []
        for name in ("pear", "apple", "fig"):
            objects = fixture("plain")
            kind(objects, "StatefulSet")["metadata"]["name"] = name
            labels = kind(objects, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
            labels["app.kubernetes.io/part-of"] = name
            copies.append(kind(objects, "StatefulSet"))
        secret = kind(fixture("plain"), "Secret")
        one = run("-", "--output", "json", stdin=yaml.safe_dump_all(copies + [secret]))
        other = run("-", "--output", "json", stdin=yaml.safe_dump_all([secret] + copies[::-1]))
        self.assertEqual(one.returncode, 0, one.stderr)
        self.assertEqual(one.stdout, other.stdout)
        self.assertEqual(one.stderr, other.stderr)
        made = json.loads(one.stdout)
        self.assertEqual((made["kind"], made["apiVersion"]), ("List", "v1"))
        self.assertEqual([e["metadata"]["name"] for e in made["items"]], ["apple", "fig", "pear"])
        documents = run("-", stdin=yaml.safe_dump_all(copies + [secret])).stdout
        self.assertEqual(list(yaml.safe_load_all(documents)), made["items"])

    def test_a_list_kind_json_and_a_directory_are_read(self):
        objects = fixture("plain")
        as_list = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        expected = run(PLAIN).stdout
        self.assertEqual(run("-", stdin=as_list).stdout, expected)
        with tempfile.TemporaryDirectory() as folder:
            for number, one in enumerate(objects):
                pathlib.Path(folder, f"{9 - number}.json").write_text(json.dumps(one), encoding="utf-8")
            self.assertEqual(run(folder).stdout, expected)

    def test_live_objects_are_read(self):
        objects = fixture("plain")
        sts = kind(objects, "StatefulSet")
        sts["status"] = {"replicas": 1, "currentRevision": "a", "updateRevision": "a"}
        sts["metadata"].update({"uid": "1", "resourceVersion": "2", "generation": 3,
                                "creationTimestamp": "2020-01-01T00:00:00Z",
                                "managedFields": [{"manager": "x"}],
                                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}})
        self.assertEqual(run("-", stdin=yaml.safe_dump_all(objects)).stdout, run(PLAIN).stdout)

    def test_what_mounts_may_come_from_objects(self):
        objects = fixture("plain")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as secret:
            yaml.safe_dump(kind(objects, "Secret"), secret)
            secret.flush()
            result = run("-", "--objects", secret.name, stdin=yaml.safe_dump(kind(objects, "StatefulSet")))
        self.assertEqual(result.stdout, run(PLAIN).stdout)

    def test_others_are_skipped_and_listed(self):
        other = kind(fixture("plain"), "StatefulSet")
        other["metadata"]["name"] = "prometheus"
        other["spec"]["template"]["spec"]["containers"] = [{"name": "prometheus", "image": "prometheus:v2"}]
        owned = kind(fixture("plain"), "StatefulSet")
        owned["metadata"]["name"] = "owned"
        owned["metadata"]["ownerReferences"] = [{"kind": "Etcd", "name": "owned"}]
        text = yaml.safe_dump_all([other, owned] + fixture("plain"))
        result = run("-", "--report-format", "json", stdin=text)
        self.assertEqual(result.returncode, 0)
        report = strip(result)
        self.assertEqual([s["statefulSet"] for s in report["skipped"]], ["owned", "prometheus"])
        self.assertEqual([i["statefulSet"] for i in report["items"]], ["stock"])
        text_report = run("-", stdin=text).stderr
        self.assertIn("StatefulSet shop/prometheus: none of its containers runs etcd", text_report)

    def test_an_input_without_any_is_an_error(self):
        for text in ("", "---\n", '{"apiVersion": "v1", "kind": "List", "items": []}'):
            result = run("-", "--output", "json", "--report-format", "json", stdin=text)
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            self.assertIn("there is no StatefulSet in the input", result.stderr)

    def two(self):
        again = kind(fixture("plain"), "StatefulSet")
        again["metadata"]["name"] = "second"
        return yaml.safe_dump_all(fixture("plain") + [again])

    def test_only_one_may_be_asked_for(self):
        name = kind(fixture("plain"), "StatefulSet")["metadata"]["name"]
        result = run("-", "--only", name, "--report-format", "json", stdin=self.two())
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(yaml.safe_load(result.stdout)["metadata"]["name"], name)
        self.assertEqual([(s["statefulSet"], s["reason"]) for s in strip(result)["skipped"]],
                         [("second", "it was not asked for (--only)")])

    def test_a_name_that_is_not_there_is_no_success(self):
        result = run("-", "--only", "nosuch", stdin=self.two())
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("--only 'nosuch': no StatefulSet of the input has this name", result.stderr)

    def test_that_one_is_stopped_says_nothing_of_another(self):
        options = ("--strategy", "restore", "--old-is-stopped")
        result = run("-", *options, stdin=self.two())
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("--only", result.stderr)
        self.assertNotEqual(run("-", *options, "--only", "second", stdin=self.two()).returncode, 1)

    def test_the_report_is_what_the_contract_says(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "report.json")
            result = run(PLAIN, "--report", path, "--report-format", "json")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            item = json.loads(path.read_text(encoding="utf-8"))["items"][0]
        self.assertEqual(list(item), ["namespace", "statefulSet", "etcd", "strategy", "verdict",
                                      "findings", "alternatives", "fields"])
        self.assertEqual([a["strategy"] for a in item["alternatives"]], ["join", "restore"])
        for finding in item["findings"]:
            self.assertLessEqual({"code", "severity", "path", "message"}, set(finding))
            self.assertIn(finding["severity"], ("blocker", "warning", "info"))

    def test_colours_are_for_terminals_only(self):
        self.assertNotIn("\033", run(TRIO).stderr)

    def test_the_strategy_that_is_asked_for_is_taken(self):
        result = run(TRIO, "--strategy", "join", "--druid-version", "v0.38")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(yaml.safe_load(result.stdout)["metadata"]["name"], "quorum-druid")
        named = run(TRIO, "--strategy", "join", "--druid-version", "v0.38", "--name", "fresh")
        self.assertEqual(yaml.safe_load(named.stdout)["metadata"]["name"], "fresh")

    def test_auto_joins_what_cannot_be_adopted(self):
        result = run(TRIO, "--druid-version", "v0.38")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("strategy join", result.stderr)

    def test_auto_never_restores(self):
        objects = fixture("plain")
        sts = kind(objects, "StatefulSet")
        sts["spec"]["template"]["spec"]["containers"][0]["command"][2] = "--data-dir=/var/etcd/data/x"
        result = run("-", "--old-is-stopped", "--report-format", "json", stdin=yaml.safe_dump_all(objects))
        self.assertEqual(result.returncode, 2)
        item = strip(result)["items"][0]
        self.assertEqual(item["strategy"], "adopt")
        self.assertEqual(item["alternatives"][1]["strategy"], "restore")
        self.assertNotEqual(item["alternatives"][1]["verdict"], "blocked")

    def test_one_name_for_several_is_refused(self):
        again = kind(fixture("plain"), "StatefulSet")
        again["metadata"]["name"] = "second"
        result = run("-", "--strategy", "join", "--name", "fresh",
                     stdin=yaml.safe_dump_all(fixture("plain") + [again]))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("--name", result.stderr)

    def test_keys_come_in_the_order_of_the_documentation(self):
        text = run(PLAIN).stdout
        keys = ["apiVersion:", "kind:", "metadata:", "spec:", "  labels:", "  annotations:", "  etcd:",
                "    quota:", "    resources:", "  backup:", "    store:", "  sharedConfig:",
                "  schedulingConstraints:", "  replicas:", "  storageClass:", "  storageCapacity:",
                "  volumeClaimTemplate:"]
        after = text.index("\nspec:")
        places = [("\n" + text).index("\n" + key, 0 if i < 4 else after) for i, key in enumerate(keys)]
        self.assertEqual(places, sorted(places))

    def test_plain_words_are_not_quoted(self):
        text = run(PLAIN).stdout
        self.assertIn("quota: 4Gi\n", text)
        self.assertIn("fullSnapshotSchedule: 5 */6 * * *\n", text)
        self.assertNotIn("null", text)


class Sources(unittest.TestCase):
    def setUp(self):
        if not support.SOURCES.exists():
            self.skipTest("the shared data is not here")

    def blockers(self, name, *arguments):
        _, item = support.migrate(load(support.SOURCES / f"{name}.yaml"), *arguments)
        return item, [f["code"] for f in item["findings"] if f["severity"] == "blocker"]

    def test_gardeners_main_etcd_is_blocked_by_its_certificate_only(self):
        item, blockers = self.blockers("gardener-main")
        self.assertEqual((item["verdict"], blockers), ("blocked", ["ServerCertificateNames"]))

    def test_with_the_renewed_certificate_it_is_adopted(self):
        etcd, item = support.migrate(load(support.SOURCES / "gardener-main-renewed-certificate.yaml"))
        self.assertEqual((item["strategy"], item["verdict"]), ("adopt", "attention"))
        self.assertEqual(etcd["spec"]["volumeClaimTemplate"], "main-etcd")
        self.assertEqual(etcd["spec"]["backup"]["store"]["container"], "seed-backups-eu")

    def test_gardeners_events_etcd_is_blocked_by_its_certificate_only(self):
        self.assertEqual(self.blockers("gardener-events")[1], ["ServerCertificateNames"])

    def test_the_charts_need_the_prepare_phase_only(self):
        for name in ("etcdbr-chart-0.7.3", "etcdbr-chart-gcs-3", "etcdbr-chart-s3"):
            self.assertEqual(self.blockers(name)[1], ["PodLabelsMissing"], name)
            etcd, item = support.migrate(support.prepared(load(support.SOURCES / f"{name}.yaml")))
            self.assertIsNotNone(etcd, item["findings"])

    def test_the_chart_with_three_members_can_join_when_its_version_is_known(self):
        etcd, item = support.migrate(load(support.SOURCES / "etcdbr-chart-gcs-3.yaml"),
                                     "--druid-version", "v0.38", "--etcd-version", "3.4.34")
        self.assertEqual(item["strategy"], "join")
        bootstrap = etcd["spec"]["etcd"]["bootstrapWithExistingCluster"]
        self.assertEqual([m["name"] for m in bootstrap["members"]], [f"orders-etcd-{i}" for i in range(3)])
        self.assertEqual(etcd["spec"]["backup"]["store"]["prefix"], "druid/orders-etcd-druid")

    def test_the_public_chart_shows_what_stands_against_it(self):
        item, blockers = self.blockers("bitnami-style-3")
        self.assertEqual(set(blockers), {"DataDirMismatch", "MultipleMembers", "EtcdVersionTooNew",
                                         "PodLabelsMissing", "BasicAuth"})
        join = item["alternatives"][0]
        self.assertEqual({f["code"] for f in join["findings"] if f["severity"] == "blocker"},
                         {"EtcdVersionTooNew", "EtcdVersionDiffers", "DruidTooOld", "BasicAuth"})
        _, settled = support.migrate(load(support.SOURCES / "bitnami-style-3.yaml"), "--druid-version",
                                     "v0.38", "--target-etcd-version", "3.5", "--strategy", "join")
        self.assertEqual([f["code"] for f in settled["findings"] if f["severity"] == "blocker"],
                         ["BasicAuth"])


if __name__ == "__main__":
    support.main()

#!/usr/bin/python3
"""What cannot be written is said, with exit status 1: nobody takes half an output for the whole."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

sys.path.insert(0, os.path.dirname(__file__))
from service import PROGRAM, Service  # noqa: E402

STATEFUL_SET = "tests/fixtures/migration/plain.yaml"
FULL = "/dev/full"


@unittest.skipUnless(os.path.exists(FULL), "there is no /dev/full")
class Full(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="druid-bridge-test.")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_shell(self, script, *arguments):
        return subprocess.run(["sh", "-c", f'"$0" "$@" {script}', PROGRAM, *arguments], capture_output=True, text=True,
                              check=False, timeout=60)

    def modes(self):
        yield "help", ("--help",)
        yield "version", ("--version",)
        yield "issue-certs", ("--issue-certs", self.path("certificates"), "--dns-name", "localhost")
        for how in ("yaml", "json"):
            yield how, ("--migrate", STATEFUL_SET, "--output", how)

    def test_standard_output(self):
        for how, reason in ((">/dev/full", "No space left on device"), (">&-", "Bad file descriptor"),
                            ("</dev/null >&0", "Bad file descriptor")):
            for mode, arguments in self.modes():
                with self.subTest(mode, how=how):
                    shutil.rmtree(self.path("certificates"), ignore_errors=True)
                    result = self.run_shell(how, *arguments)
                    self.assertEqual(result.returncode, 1, result.stderr)
                    said = [line for line in result.stderr.splitlines() if "cannot be written" in line]
                    self.assertEqual(len(said), 1, result.stderr)
                    self.assertIn(f"druid-bridge: standard output: cannot be written: {reason}", said[0])

    def test_standard_error(self):
        for how in ("2>/dev/full", "2>&-"):
            for arguments in (("--issue-certs", self.path("certificates"), "--dns-name", "localhost"),
                              ("--migrate", STATEFUL_SET), ("--migrate", STATEFUL_SET, "--report-format", "json")):
                with self.subTest(arguments, how=how):
                    shutil.rmtree(self.path("certificates"), ignore_errors=True)
                    self.assertEqual(self.run_shell(how, *arguments).returncode, 1)

    def test_a_warning_that_cannot_be_written(self):
        objects = pathlib.Path(self.path("pods.yaml"))
        objects.write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", encoding="utf-8")
        arguments = ("--migrate", STATEFUL_SET, "--objects", str(objects), "--report", "/dev/null")
        result = self.run_shell("", *arguments)
        self.assertEqual(result.returncode, 0)
        self.assertIn("warning: ", result.stderr)
        self.assertEqual(self.run_shell("2>/dev/full", *arguments).returncode, 1)

    def test_the_report(self):
        for how in ("text", "json"):
            result = self.run_shell("", "--migrate", STATEFUL_SET, "--report", FULL, "--report-format", how)
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            self.assertEqual(result.stderr, "druid-bridge: /dev/full: cannot be written: "
                             "No space left on device\n")

    def test_the_ca_bundle_is_not_lost_with_its_output(self):
        """The files are there, and are not written again: so it is said where the caBundle is."""
        certificates = self.path("certificates")
        result = self.run_shell(">/dev/full", "--issue-certs", certificates, "--dns-name", "localhost")
        self.assertIn(f"the files are complete; the caBundle is ca.crt of {certificates} in base64", result.stderr)
        self.assertEqual(sorted(os.listdir(certificates)), ["ca.crt", "ca.key", "tls.crt", "tls.key"])

    def test_a_closed_descriptor_is_not_given_to_a_file(self):
        report = self.path("report")
        for how in (">&-", "2>&-"):
            self.run_shell(how, "--migrate", STATEFUL_SET, "--report", report)
            self.assertNotIn("apiVersion", pathlib.Path(report).read_text(encoding="utf-8"))
            self.assertNotIn("druid-bridge: ", pathlib.Path(report).read_text(encoding="utf-8"))


# What steers a terminal, turns the direction of a line, ends it, or is not seen.
MISLEADING = "\x1b\x07\x7f\x9b\u202e\u2066\u200f\u2028\u200b\ufeff\U000e0041\n"


class Shown(unittest.TestCase):
    """Nothing that a manifest or an argument has reaches a terminal but as characters that are seen."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="druid-bridge-test.")
        self.addCleanup(shutil.rmtree, self.folder)

    def run_program(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, check=False, timeout=60)

    def assert_clean(self, output):
        text = output.decode("utf-8")
        self.assertEqual([hex(ord(c)) for c in text if c in MISLEADING and c != "\n"], [])
        return text

    def write(self, name, objects):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            yaml.safe_dump_all(objects, file)
        return path

    def test_the_report_of_an_etcd(self):
        with open(STATEFUL_SET, encoding="utf-8") as file:
            objects = list(yaml.safe_load_all(file))
        etcd = next(o for o in objects if o["kind"] == "StatefulSet")
        for one in objects:
            one["metadata"]["namespace"] = "shop" + MISLEADING
        etcd["metadata"]["name"] = "stock" + MISLEADING
        etcd["metadata"].setdefault("annotations", {})["a" + MISLEADING] = "b" + MISLEADING
        etcd["spec"]["odd" + MISLEADING] = "c" + MISLEADING
        container = etcd["spec"]["template"]["spec"]["containers"][0]
        container.setdefault("args", []).append("--odd" + MISLEADING)
        container["name"] += MISLEADING
        other = {"apiVersion": "apps/v1", "kind": "StatefulSet",
                 "metadata": {"namespace": "n" + MISLEADING, "name": "prometheus" + MISLEADING},
                 "spec": {"template": {"spec": {"containers": [{"name": "p", "image": "prometheus"}]}}}}
        path = self.write("objects.yaml", [*objects, other])
        result = self.run_program("--migrate", path)
        text = self.assert_clean(result.stderr)
        self.assertEqual(result.returncode, 2, text)
        self.assertIn("StatefulSet shop\\u001b\\u0007\\u007f\\u009b\\u202e\\u2066\\u200f\\u2028\\u200b\\ufeff"
                      "\\udb40\\udc41\\u000a/stock\\u001b", text)
        self.assertIn("StatefulSet n\\u001b", text)
        self.assert_clean(result.stdout)

    def test_an_etcd(self):
        with open(STATEFUL_SET, encoding="utf-8") as file:
            objects = list(yaml.safe_load_all(file))
        etcd = next(o for o in objects if o["kind"] == "StatefulSet")
        value = "b" + MISLEADING
        etcd["spec"]["template"]["metadata"].setdefault("annotations", {})["example.com/a"] = value
        result = self.run_program("--migrate", self.write("objects.yaml", objects))
        self.assertEqual(result.returncode, 0, result.stderr)
        tree = yaml.safe_load(self.assert_clean(result.stdout))
        self.assertIn(json.dumps(value), json.dumps(tree))

    def test_warnings_and_errors(self):
        kind = self.write("kind.yaml", [{"apiVersion": "v1", "kind": "Pod" + MISLEADING, "metadata": {"name": "a"}}])
        named = self.write("named" + MISLEADING.replace("\n", "") + ".yaml", [{"kind": 1}])
        for arguments in (("--migrate", STATEFUL_SET, "--objects", kind), ("--migrate", named),
                          ("--migrate", "/nowhere/" + MISLEADING), ("--strategy", MISLEADING),
                          ("--" + MISLEADING,), (MISLEADING,),
                          ("--issue-certs", self.folder + MISLEADING, "--dns-name", MISLEADING)):
            with self.subTest(arguments):
                text = self.assert_clean(self.run_program(*arguments).stderr)
                self.assertIn("\\u009b\\u202e", text)

    def test_what_an_api_server_says(self):
        told = {"kind": "Status", "message": "as told" + MISLEADING}
        folder = tempfile.mkdtemp(prefix="druid-bridge-apiserver.")
        with subprocess.Popen([sys.executable, "tests/support/apiserver.py", folder], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as server:
            self.addCleanup(server.kill)
            server.stdout.readline()
            server.stdin.write(json.dumps({"do": "fault", "verb": "list", "resource": "namespaces", "status": 403,
                                           "body": json.dumps(told)}) + "\n")
            server.stdin.flush()
            server.stdout.readline()
            service = Service(kubeconfig=pathlib.Path(folder, "kubeconfig").read_text(encoding="utf-8").replace(
                '"ca.crt"', json.dumps(folder + "/ca.crt")).replace('"token"', json.dumps(folder + "/token")))
            self.addCleanup(service.process.kill)
            service.wait_for_log("RBAC does not allow it", 20)
            self.assertIn("as told\\u001b\\u0007", self.assert_clean(service.operations("/readyz")[1].encode()))
            self.assertIn("as told\\u001b\\u0007", self.assert_clean(service.log().encode()))
            service.stop()
            server.stdin.close()

    def test_names_of_files_that_were_written(self):
        result = self.run_program("--issue-certs", self.folder + "/c" + MISLEADING, "--dns-name", "localhost")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("\\u009b\\u202e", self.assert_clean(result.stderr))


if __name__ == "__main__":
    unittest.main(verbosity=1)

#!/usr/bin/python3
"""What cannot be written is said, with exit status 1: nobody takes half an output for the whole."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import PROGRAM  # noqa: E402

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


if __name__ == "__main__":
    unittest.main(verbosity=1)

"""MIGRATION.md explains every finding, names only options that exist, and its links lead somewhere."""

import re
import subprocess
import unittest

import support

TEXT = (support.ROOT / "MIGRATION.md").read_text(encoding="utf-8")


class Document(unittest.TestCase):
    def test_every_finding_is_explained_once_and_no_other(self):
        source = (support.ROOT / "migration/findings.c").read_text(encoding="utf-8")
        codes = re.findall(r'\[FINDING_[A-Z_]+\]\s*=\s*\{\s*"([A-Za-z]+)"', source)
        self.assertGreater(len(codes), 40)
        explained = re.findall(r"^\| ([A-Z][A-Za-z]+) \|", TEXT, re.MULTILINE)
        self.assertEqual(sorted(explained), sorted(codes))

    def test_options_exist(self):
        usage = subprocess.run([support.PROGRAM, "--help"], capture_output=True, text=True, timeout=10, check=True)
        known = set(re.findall(r"--[a-z][a-z-]+", usage.stdout))
        calls = [c for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
                 for c in block.splitlines() if c.startswith("druid-bridge")]
        self.assertGreater(len(calls), 3)
        for call in calls:
            self.assertLessEqual(set(re.findall(r" (--[a-z][a-z-]+)", call.split(">")[0])), known, call)
        for option in ("--store-container", "--etcd-version", "--target-etcd-version", "--client-tls-secret",
                       "--accept-client-cert-auth", "--old-is-stopped", "--druid-version", "--name"):
            self.assertIn(option, TEXT)
            self.assertIn(option, known)

    def test_links_lead_to_headings(self):
        headings = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-")
                    for h in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)}
        for link in re.findall(r"\]\(#([^)]*)\)", TEXT):
            self.assertIn(link, headings)

    def test_commands_are_commands_of_a_shell(self):
        for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL):
            checked = subprocess.run(["sh", "-n"], input=block, capture_output=True, text=True, timeout=10, check=False)
            self.assertEqual(checked.returncode, 0, checked.stderr + block)


if __name__ == "__main__":
    support.main()

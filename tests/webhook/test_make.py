#!/usr/bin/python3
"""The Makefile: builds that differ do not share a folder, and tests can be chosen."""
import os
import subprocess
import sys
import unittest

OF_A_CALLING_MAKE = ("BUILD", "CC", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PROGRAM", "SANITIZE", "T")
ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in OF_A_CALLING_MAKE}


def make(*arguments):
    return subprocess.run(["make", "--no-print-directory", *arguments], capture_output=True, text=True, check=False,
                          timeout=120, env=ENVIRONMENT)


def value_of(name, *settings):
    """What the Makefile sets NAME to."""
    result = make("--eval", f"show-value: ; @: $(info $({name}))", "show-value", *settings)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


class Folders(unittest.TestCase):
    def test_each_compiler_and_each_sanitizer_has_its_own(self):
        settings = [(), ("CC=clang",), ("CC=clang", "SANITIZE=thread"), ("CC=gcc", "SANITIZE=thread"),
                    ("CC=clang", "SANITIZE=address,undefined"), ("CC=clang", "SANITIZE=address")]
        folders = [value_of("BUILD", *setting) for setting in settings]
        self.assertEqual(len(set(folders)), len(settings), folders)
        self.assertEqual(folders[0], "build")
        for folder in folders:
            self.assertRegex(folder, r"^build(/[a-z-]+)?$")


class Choice(unittest.TestCase):
    def test_all_tests_are_run_by_default(self):
        tests = value_of("CHECKED").split()
        self.assertIn("build/tests/kube/test_json", tests)
        self.assertIn("tests/webhook/test_make.py", tests)

    def test_a_pattern_chooses_by_path(self):
        tests = value_of("CHECKED", "T=webhook", "CC=clang").split()
        self.assertIn("build/clang/tests/webhook/test_log", tests)
        self.assertIn("tests/webhook/test_make.py", tests)
        self.assertEqual([test for test in tests if "/webhook/" not in test], [])
        self.assertEqual(value_of("CHECKED", "T=kube/test_json_parse"), "build/tests/kube/test_json_parse")

    def test_a_folder_of_the_build_is_no_path_of_a_test(self):
        self.assertEqual(value_of("CHECKED", "T=clang", "CC=clang"), "")

    def test_a_pattern_without_a_test_is_an_error(self):
        result = make("check", "T=no-such-test")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("no test's path contains 'no-such-test'", result.stderr)


class Run(unittest.TestCase):
    @staticmethod
    def run_tests(*tests):
        return subprocess.run(["tests/run", *tests], capture_output=True, text=True, check=False, env=ENVIRONMENT)

    def test_each_line_says_how_long_it_took(self):
        result = self.run_tests("/bin/true")
        self.assertRegex(result.stdout, r"  ok      /bin/true \(\d+\.\d s\)\n1 passed, 0 failed, 0 skipped\n$")
        result = self.run_tests("/bin/false")
        self.assertRegex(result.stdout, r"  FAILED  /bin/false \(\d+\.\d s, exit 1\)\n")
        self.assertEqual(result.returncode, 1)


if __name__ == "__main__":
    if not os.path.exists("Makefile"):
        print("only in the project's folder")
        sys.exit(77)
    unittest.main(verbosity=1)

"""Runs --migrate and reads what it says, for the scripts beside this file."""

import copy
import json
import os
import pathlib
import subprocess
import sys
import unittest

try:
    import yaml
except ImportError:
    print("python3-yaml is not installed")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests/fixtures/migration"
PROGRAM = ROOT / os.environ.get("PROGRAM", "build/druid-bridge")
SHARED = ROOT / os.environ.get("SHARED", "../shared")
SOURCES = SHARED / "data/sources"


def run(*arguments, stdin=""):
    """The result of one call, with texts."""
    return subprocess.run([str(PROGRAM), "--migrate", *map(str, arguments)], input=stdin, text=True,
                          capture_output=True, timeout=120, check=False)


def load(path):
    """The objects of a file."""
    return [o for o in yaml.safe_load_all(pathlib.Path(path).read_text(encoding="utf-8")) if o]


def fixture(name):
    """The objects of a fixture; without Secrets where certificates are among them that only C makes."""
    objects = load(FIXTURES / f"{name}.yaml")
    made = any(str(value).startswith("@") for o in objects if o["kind"] == "Secret"
               for value in o["stringData"].values())
    return [o for o in objects if not made or o["kind"] != "Secret"]


def kind(objects, wanted):
    """The first object of a kind."""
    return next(o for o in objects if o["kind"] == wanted)


def prepared(objects):
    """The same after the prepare phase: the pods carry both labels of druid's selector."""
    objects = copy.deepcopy(objects)
    sts = kind(objects, "StatefulSet")
    labels = sts["spec"]["template"]["metadata"].setdefault("labels", {})
    labels["app.kubernetes.io/managed-by"] = "etcd-druid"
    labels["app.kubernetes.io/part-of"] = sts["metadata"]["name"]
    return objects


def migrate(objects, *arguments):
    """The Etcd (or None) and the item of the report of the only StatefulSet in OBJECTS."""
    text = yaml.safe_dump_all(objects)
    result = run("-", "--output", "json", "--report-format", "json", *arguments, stdin=text)
    if result.returncode not in (0, 2):
        raise AssertionError(f"exit {result.returncode}: {result.stderr}")
    report = json.loads(result.stderr[result.stderr.index("{"):])
    return json.loads(result.stdout) if result.stdout else None, report["items"][0]


def main():
    """Runs the tests of the calling script."""
    if not PROGRAM.exists():
        print(f"{PROGRAM} is not built")
        sys.exit(77)
    unittest.main(verbosity=1)

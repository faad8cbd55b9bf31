#!/usr/bin/python3
"""--migrate with 1,000 and with 10,000 StatefulSets in one call: time and memory, and how they grow."""
import copy
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, "tests/webhook")
from service import PROGRAM, read_fixture  # noqa: E402

import yaml  # noqa: E402


def objects(count):
    """StatefulSets with their sidecar, each with its backup Secret, as kubectl prints them."""
    stateful_set = yaml.safe_load(read_fixture("etcd-main.yaml"))
    with open("tests/fixtures/patches/aws/etcd-main.json", encoding="utf-8") as file:
        sidecar = json.load(file)[0]["value"]
    stateful_set["spec"]["template"]["spec"]["containers"].append(sidecar)
    secret = next(d for d in yaml.safe_load_all(read_fixture("cluster.yaml")) if d["kind"] == "Secret")
    for number in range(count):
        for item in (stateful_set, secret):
            item = copy.deepcopy(item)
            item["metadata"]["namespace"] = f"shoot--bench--{number}"
            yield item


def measure(count, folder):
    """Bytes of input, seconds of CPU and the largest resident size in bytes."""
    path = os.path.join(folder, f"{count}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"apiVersion": "v1", "kind": "List", "items": list(objects(count))}, file)
    report = os.path.join(folder, "report.json")
    begin = time.monotonic()
    process = subprocess.Popen([PROGRAM, "--migrate", path, "--output", "json", "--report", report,
                                "--report-format", "json"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 2), status
    with open(report, encoding="utf-8") as file:
        assert len(json.load(file)["items"]) == count
    return (os.path.getsize(path), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024,
            time.monotonic() - begin)


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(f"{'StatefulSets':>12}{'input':>11}{'CPU':>9}{'time':>9}{'memory':>11}{'CPU each':>11}{'memory/input':>14}")
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in (1000, 10000):
            rows[count] = size, cpu, memory, seconds = measure(count, folder)
            print(f"{count:12}{size / 2**20:7.0f} MiB{cpu:7.1f} s{seconds:7.1f} s{memory / 2**20:7.0f} MiB"
                  f"{cpu / count * 1e6:8.0f} µs{memory / size:14.1f}")
    few, many = rows[1000], rows[10000]
    print(f"ten times as many take {many[1] / few[1]:.1f} times the CPU and {many[2] / few[2]:.1f} times "
          "the memory")


main()

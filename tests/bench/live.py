#!/usr/bin/python3
"""Start-up time, memory and lookups of the live object source, beside few namespaces: live.py [SIZE] makes
them with a Cluster of about three times SIZE bytes (10000) each and a Secret."""
import json
import os
import subprocess
import sys
import tempfile

PROGRAM = os.path.join(os.environ.get("BUILD", "build"), "bench/live")


def measure(count, size):
    folder = tempfile.mkdtemp(prefix="druid-bridge-bench.")
    with subprocess.Popen(["/usr/bin/python3", "tests/support/apiserver.py", folder], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as server:
        def tell(**command):
            server.stdin.write(json.dumps(command) + "\n")
            server.stdin.flush()
            return int(server.stdout.readline())
        server.stdout.readline()
        tell(do="fill", count=count, size=size)
        result = json.loads(subprocess.run([PROGRAM, f"{folder}/kubeconfig"], check=True, stdout=subprocess.PIPE,
                                           text=True).stdout)
        result["requests"] = tell(do="count")
        server.stdin.close()
    return result


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    print(f"{'namespaces':>10}{'start':>10}{'CPU':>8}{'grown by':>12}{'each':>10}{'peak':>12}{'lookup':>10}{'requests':>10}")
    for count in (1, 1000, 5000):
        result = measure(count, size)
        print(f"{result['namespaces']:10}{result['start_seconds']:8.2f} s{result['start_cpu_seconds']:6.2f} s"
              f"{result['resident_growth'] / 2**20:8.1f} MiB{result['resident_growth'] / count:8.0f} B"
              f"{result['peak'] / 2**20:8.1f} MiB{result['lookup_nanoseconds']:7.0f} ns{result['requests']:10}")


main()

#!/usr/bin/python3
"""Files that are none: a FIFO, a directory, a device or a socket where the program expects a file never stops
it, neither at the start nor at a reload. Commands read pipes, whenever their data comes."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import FIXTURES, PROGRAM, Service, review  # noqa: E402

STATEFUL_SET = pathlib.Path("tests/fixtures/migration/plain.yaml")
A_FILE = "expected a regular file"


class WithFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="druid-bridge-test.")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def fifo(self, name="fifo"):
        os.mkfifo(self.path(name))
        return self.path(name)

    def kubeconfig(self, cluster, user):
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "one",
                  "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1", **cluster}}],
                  "users": [{"name": "u", "user": user}],
                  "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u"}}]}
        pathlib.Path(self.path("kubeconfig")).write_text(json.dumps(config), encoding="utf-8")
        return self.path("kubeconfig")


class Start(WithFolder):
    """The program ends with a message instead of waiting for data that never comes."""

    def setUp(self):
        super().setUp()
        self.tls = self.path("tls")
        Service.issue(self.tls)

    def assert_refused(self, path, found, *options):
        self.assert_ends(f"{path}: found {found}, {A_FILE}", *options)

    def assert_ends(self, message, *options):
        options = {"--tls-dir": self.tls, "--listen": "127.0.0.1:0", "--operations-listen": "127.0.0.1:0",
                   **dict(zip(options[::2], options[1::2]))}
        if "--kubeconfig" not in options:
            options.setdefault("--objects", FIXTURES + "/cluster.yaml")
        result = subprocess.run([PROGRAM, *(part for pair in options.items() for part in pair)], timeout=20,
                                capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn(message, result.stderr)

    def test_a_fifo_is_no_file(self):
        fifo = self.fifo()
        for option in ("--objects", "--config", "--client-ca", "--kubeconfig"):
            with self.subTest(option):
                self.assert_refused(fifo, "a pipe", option, fifo)

    def test_a_directory_a_device_and_a_socket_are_no_files(self):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(self.path("socket"))
        os.mkdir(self.path("directory"))
        for option in ("--config", "--client-ca", "--kubeconfig"):
            for path, found in ((self.path("directory"), "a directory"), ("/dev/zero", "a device"),
                                (self.path("socket"), "a socket")):
                with self.subTest(option, path=path):
                    self.assert_refused(path, found, option, path)
        self.assert_refused("/dev/zero", "a device", "--objects", "/dev/zero")

    def test_files_that_a_kubeconfig_names_are_files(self):
        fifo = self.fifo()
        ca, cert, key = (os.path.join(self.tls, name) for name in ("ca.crt", "tls.crt", "tls.key"))
        for cluster, user in (
                ({"certificate-authority": fifo}, {"token": "made-up"}),
                ({"certificate-authority": ca}, {"tokenFile": fifo}),
                ({"certificate-authority": ca}, {"client-certificate": fifo, "client-key": key}),
                ({"certificate-authority": ca}, {"client-certificate": cert, "client-key": fifo})):
            with self.subTest(cluster=cluster, user=user):
                self.assert_refused(fifo, "a pipe", "--kubeconfig", self.kubeconfig(cluster, user))

    def test_a_certificate_and_its_key_are_files(self):
        for name in ("tls.crt", "tls.key"):
            with self.subTest(name):
                shutil.move(os.path.join(self.tls, name), self.path("kept"))
                os.mkfifo(os.path.join(self.tls, name))
                self.assert_refused(os.path.join(self.tls, name), "a pipe")
                os.unlink(os.path.join(self.tls, name))
                shutil.move(self.path("kept"), os.path.join(self.tls, name))

    def test_a_client_ca_has_no_nul_bytes(self):
        """What stands behind one would be looked at, but not kept."""
        pem = pathlib.Path(self.tls, "ca.crt").read_bytes()
        for content in (pem + b"\0" * 4096, b"\0\n" + pem):
            pathlib.Path(self.path("ca")).write_bytes(content)
            self.assert_ends(f"{self.path('ca')}: not PEM: a NUL byte", "--client-ca", self.path("ca"))

    def test_standard_input_is_no_file(self):
        for path in ("-", "/dev/stdin"):
            with subprocess.Popen([PROGRAM, "--tls-dir", self.tls, "--objects", path, "--listen", "127.0.0.1:0",
                                   "--operations-listen", "127.0.0.1:0"], stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
                try:
                    self.assertEqual(process.wait(20), 1)
                    self.assertIn(A_FILE, process.stderr.read())
                finally:
                    process.kill()


class Reload(WithFolder):
    """What becomes a FIFO while the program serves leaves the old in force."""

    def replace(self, path):
        os.unlink(path)
        os.mkfifo(path)

    def assert_goes_on(self, service, path):
        service.wait_for_log(f"level=error.*{path}: found a pipe, {A_FILE}", 20)
        self.assertEqual(service.post(review())[0], 200)
        begun = time.monotonic()
        self.assertEqual(service.stop(20), 0)
        self.assertLess(time.monotonic() - begun, 15)

    def test_objects_and_configuration(self):
        for name in ("objects", "config"):
            with self.subTest(name):
                service = Service()
                self.addCleanup(service.process.kill)
                self.replace(getattr(service, name))
                service.signal(signal.SIGHUP)
                self.assert_goes_on(service, getattr(service, name))

    def test_the_client_ca(self):
        client_ca = self.path("client-ca")
        Service.issue(self.path("ca"))
        shutil.copy(os.path.join(self.path("ca"), "ca.crt"), client_ca)
        service = Service("--client-ca", client_ca)
        self.addCleanup(service.process.kill)
        self.replace(client_ca)
        service.signal(signal.SIGHUP)
        service.wait_for_log(f"{client_ca}: found a pipe, {A_FILE}", 20)
        self.assertEqual(service.stop(20), 0)

    def test_a_directory_of_objects_passes_over_what_is_no_file(self):
        objects = self.path("objects")
        os.mkdir(objects)
        shutil.copy(FIXTURES + "/cluster.yaml", objects)
        service = Service("--objects", objects, objects="---\n")
        self.addCleanup(service.process.kill)
        os.mkfifo(os.path.join(objects, "z.yaml"))
        service.signal(signal.SIGHUP)
        service.wait_for_log("configuration and objects reloaded", 20)
        self.assertEqual(service.stop(20), 0)


class Commands(WithFolder):
    """A command waits for its input, as every filter does."""

    def assert_translated(self, result):
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("kind: Etcd", result.stdout)

    def run_bash(self, script):
        return subprocess.run(["bash", "-c", script, "bash", PROGRAM, str(STATEFUL_SET), self.folder], timeout=60,
                              capture_output=True, text=True, check=False)

    def test_process_substitution_and_standard_input(self):
        for script in ('"$1" --migrate <(cat "$2")', 'cat "$2" | "$1" --migrate -', '"$1" --migrate - <"$2"',
                       'cat "$2" | "$1" --migrate /dev/stdin', '"$1" --migrate "$2" --objects <(echo "---")'):
            with self.subTest(script):
                self.assert_translated(self.run_bash(script))

    def test_a_fifo_whose_data_comes_later(self):
        fifo = self.fifo()

        def feed():
            time.sleep(0.5)
            with open(fifo, "wb") as file:
                text = STATEFUL_SET.read_bytes()
                file.write(text[:100])
                file.flush()
                time.sleep(0.5)
                file.write(text[100:])

        writer = threading.Thread(target=feed)
        writer.start()
        result = subprocess.run([PROGRAM, "--migrate", fifo], timeout=60, capture_output=True, text=True, check=False)
        writer.join()
        self.assert_translated(result)

    def test_a_kubeconfig_may_come_through_a_pipe(self):
        Service.issue(self.path("tls"))
        self.kubeconfig({"certificate-authority": self.path("tls/ca.crt")}, {"token": "made-up"})
        result = self.run_bash('"$1" --migrate "$2" --kubeconfig <(cat "$3/kubeconfig")')
        self.assertIn("Failed to connect to 127.0.0.1 port 1", result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)

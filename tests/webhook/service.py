"""druid-bridge as a process on loopback, and small HTTP clients that may misbehave; for the tests of
webhook/ that need a socket."""
import base64
import copy
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import yaml

PROGRAM = os.environ.get("PROGRAM", "build/druid-bridge")
FIXTURES = "tests/fixtures/patches"
NAMESPACE = "shoot--garden--apple"
NOTHING = {}


def read_fixture(name, provider="aws"):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as file:
        return file.read().replace("PROVIDER", provider)


def review(name="etcd-main", operation="CREATE", version="v1", **changes):
    """An AdmissionReview as an API server sends it; changes go into the request."""
    stateful_set = yaml.safe_load(read_fixture(("etcd-events" if name == "etcd-events" else "etcd-main")
                                               + ".yaml"))
    stateful_set["metadata"]["name"] = name
    request = {
        "uid": "0d5cd8a2-5f1d-4a5a-a2b4-9b2a3c9a0001",
        "kind": {"group": "apps", "version": "v1", "kind": "StatefulSet"},
        "resource": {"group": "apps", "version": "v1", "resource": "statefulsets"},
        "name": name,
        "namespace": NAMESPACE,
        "operation": operation,
        "userInfo": {"username": "admin"},
        "object": stateful_set,
        "oldObject": copy.deepcopy(stateful_set) if operation == "UPDATE" else None,
        "dryRun": False,
    }
    request.update(changes)
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/" + version, "request": request}


def patch_of(answer):
    return json.loads(base64.b64decode(answer["response"]["patch"]))


def sanitized():
    """Whether the program is built with a sanitizer that keeps memory of its own."""
    with open(PROGRAM, "rb") as file:
        program = file.read()
    return b"__asan_init" in program or b"__tsan_init" in program


class Service:
    """Starts the program and waits until it serves; stop() ends it."""

    def __init__(self, *options, objects=None, config=None, wrapper=(), names=("localhost", "127.0.0.1"),
                 validity="24h", kubeconfig=None):
        self.ending = False
        self.folder = tempfile.mkdtemp(prefix="druid-bridge-test.")
        self.tls = os.path.join(self.folder, "tls")
        self.issue(self.tls, names, validity)
        self.objects = self.write("objects.yaml", objects or read_fixture("cluster.yaml"))
        self.config = self.write("config.yaml", config or "apiVersion: druid-bridge/v1alpha1\n"
                                 "kind: BridgeConfiguration\nsidecar: {image: 'example.com/etcdbrctl:1'}\n")
        source = ["--objects", self.objects]
        if kubeconfig:
            source = ["--kubeconfig", self.write("kubeconfig", kubeconfig)]
        self.log_path = os.path.join(self.folder, "log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*wrapper, PROGRAM, "--config", self.config, *source, "--tls-dir", self.tls,
                  "--listen", "127.0.0.1:0", "--operations-listen", "127.0.0.1:0", "--drain",
                 "1s", *options], stdout=subprocess.DEVNULL, stderr=log)
        line = self.wait_for_log(r'msg"?[=:]"?serving"?')
        address = re.search(r'address"?[=:]"?127\.0\.0\.1:(\d+)', line)
        operations = re.search(r'operations"?[=:]"?127\.0\.0\.1:(\d+)', line)
        self.port, self.operations_port = int(address.group(1)), int(operations.group(1))

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    @staticmethod
    def issue(folder, names=("localhost", "127.0.0.1"), validity="24h"):
        options = [part for name in names for part in ("--dns-name", name)]
        subprocess.run([PROGRAM, "--issue-certs", folder, "--validity", validity, *options],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_for_log(self, pattern, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.log().splitlines():
                if re.search(pattern, line):
                    return line
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"no line matches {pattern!r} in the log:\n{self.log()}")

    def context(self):
        return ssl.create_default_context(cafile=os.path.join(self.tls, "ca.crt"))

    def connect(self, timeout=30, context=None):
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=timeout,
                                                 context=context or self.context())
        connection.connect()
        return connection

    def raw(self, timeout=30):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def raw_tls(self, timeout=30):
        return self.context().wrap_socket(self.raw(timeout), server_hostname="localhost")

    def post(self, body, path="/mutate?timeout=10s", headers=NOTHING, connection=None, method="POST"):
        """Status, headers and the parsed body of one request."""
        if not isinstance(body, (bytes, type(None))):
            body = json.dumps(body).encode()
        own = connection or self.connect()
        own.request(method, path, body, {"Content-Type": "application/json", **headers})
        answer = own.getresponse()
        text = answer.read()
        if not connection:
            own.close()
        return answer.status, answer.headers, json.loads(text) if text else None

    def operations(self, path, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.operations_port, timeout=30)
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def metric(self, name):
        """The value of the row that begins with NAME, 0 if there is none."""
        for line in self.operations("/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    def signal(self, number):
        self.ending = self.ending or number == signal.SIGTERM
        self.process.send_signal(number)

    def stop(self, seconds=60):
        """Ends it as Kubernetes does, unless it was told to end already; its exit status."""
        if not self.ending:
            self.signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        shutil.rmtree(self.folder, ignore_errors=True)
        return status


def read_to_end(sock, seconds):
    """What SOCK still has to say, and whether the other side has closed it within so many seconds."""
    end = time.monotonic() + seconds
    got = b""
    while time.monotonic() < end:
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            ready = True
        else:
            ready = select.select([sock], [], [], 0.2)[0]
        if not ready:
            continue
        try:
            chunk = sock.recv(65536)
        except (ConnectionError, ssl.SSLError):
            return got, True
        if not chunk:
            return got, True
        got += chunk
    return got, False

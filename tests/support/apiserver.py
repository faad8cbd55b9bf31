#!/usr/bin/python3
"""An API server that does as it is told, for tests of what a real one does not do on demand: answers
late, wrongly, in halves or not at all. apiserver.py FOLDER writes kubeconfig, ca.crt and token there
and prints a line when it serves; each line of standard input is a command, a JSON object whose "do"
names a method of Commands, and is answered by one line: a number. In the end it removes FOLDER."""
import base64
import http.server
import json
import os
import queue
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

FOLDER = sys.argv[1]
GROUPS = {"namespaces": "/api/v1", "secrets": "/api/v1", "configmaps": "/api/v1",
          "clusters": "/apis/extensions.gardener.cloud/v1alpha1",
          "backupentries": "/apis/extensions.gardener.cloud/v1alpha1",
          "etcds": "/apis/druid.gardener.cloud/v1alpha1"}
KINDS = {"namespaces": "Namespace", "secrets": "Secret", "configmaps": "ConfigMap", "clusters": "Cluster",
         "backupentries": "BackupEntry", "etcds": "Etcd"}
LOCK = threading.RLock()


class State:
    """Objects, what happened to them, and what shall go wrong."""

    def __init__(self):
        self.version = 1000
        self.reset()

    def reset(self):
        self.objects = {}  # (resource, namespace, name): object
        self.history = []  # (version, resource, type, object)
        self.compacted = 0
        self.pages = {}
        self.watches = []
        self.faults = []
        self.requests = []
        self.installed = set(GROUPS)
        self.ignore_selectors = False
        self.page_limit = 10 ** 9
        self.lose_pages = 0  # so many second pages are not found again

    def event(self, resource, kind, body):
        body["metadata"]["resourceVersion"] = str(self.version)
        self.history.append((self.version, resource, kind, body))
        for watch in self.watches:
            watch.offer(resource, kind, body)


STATE = State()


def status(code, reason, message):
    return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
                       "message": message, "code": code})


class Watch:
    """One client that follows events; what is put into its queue is sent: bytes, or None for the end."""

    def __init__(self, resource, name):
        self.resource, self.name, self.queue = resource, name, queue.Queue()

    def offer(self, resource, kind, body):
        if resource == self.resource and (self.name in (None, body["metadata"].get("name")) or
                                          kind == "BOOKMARK" or STATE.ignore_selectors):
            self.queue.put(json.dumps({"type": kind, "object": body}).encode() + b"\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, code, text, headers=()):
        data = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):  # pylint: disable=invalid-name
        try:
            self.answer()
        except (OSError, ssl.SSLError):
            self.close_connection = True

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        parts = url.path.split("/")
        prefix = "/".join(parts[:3 if parts[1] == "api" else 4])
        rest = parts[len(prefix.split("/")):]
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        resource, name = rest[0], rest[1] if len(rest) > 1 else None
        verb = "get" if name else "watch" if query.get("watch") else "list"
        with LOCK:
            STATE.requests.append((verb, resource, self.path))
            fault = self.take_fault(verb, resource)
        if fault and self.misbehave(fault):
            return
        with open(os.path.join(FOLDER, "token"), encoding="ascii") as file:
            if self.headers.get("Authorization") != "Bearer " + file.read().strip():
                self.send(401, status(401, "Unauthorized", "Unauthorized"))
                return
        if GROUPS.get(resource) != prefix or resource not in STATE.installed:
            self.send(404, "404 page not found\n")
        elif verb == "get":
            self.get(resource, namespace, name)
        elif verb == "list":
            self.list(resource, query)
        else:
            self.watch(resource, query)

    @staticmethod
    def take_fault(verb, resource):
        for fault in STATE.faults:
            if fault["verb"] == verb and fault.get("resource", resource) == resource and fault["times"]:
                fault["times"] -= 1
                return fault
        return None

    def misbehave(self, fault):
        time.sleep(fault.get("delay", 0))
        if fault.get("cut"):  # an answer that promises more than it has
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"items": [')
            self.close_connection = True
        elif "status" in fault:
            body = fault.get("body")
            text = status(fault["status"], "Fault", "as told") if body is None else body.replace("`", '"')
            self.send(fault["status"], text + " " * fault.get("size", 0), fault.get("headers", {}))
        else:
            return False
        return True

    def get(self, resource, namespace, name):
        with LOCK:
            body = STATE.objects.get((resource, namespace, name))
            text = body and json.dumps({"apiVersion": GROUPS[resource].split("/", 2)[2], "kind": KINDS[resource],
                                        **body})
        if text:
            self.send(200, text)
        else:
            self.send(404, status(404, "NotFound", f'{resource} "{name}" not found'))

    @staticmethod
    def selected(query):
        selector = query.get("fieldSelector", "")
        return selector.removeprefix("metadata.name=") if selector else None

    def list(self, resource, query):
        name = None if STATE.ignore_selectors else self.selected(query)
        with LOCK:
            if "continue" in query:
                page = STATE.pages.pop(query["continue"], None)
                if not page or STATE.lose_pages:
                    STATE.lose_pages = 0
                    self.send(410, status(410, "Expired", "the continue token is too old"))
                    return
                version, items = page
            else:
                version = STATE.version
                items = [body for (kind, _, its_name), body in sorted(STATE.objects.items())
                         if kind == resource and name in (None, its_name)]
            limit = min(int(query.get("limit", 10 ** 9)), STATE.page_limit)
            metadata = {"resourceVersion": str(version)}
            if len(items) > limit:
                token = base64.b64encode(f"{version}/{len(items)}/{resource}+".encode()).decode()
                STATE.pages[token] = (version, items[limit:])
                metadata.update({"continue": token, "remainingItemCount": len(items) - limit})
            text = json.dumps({"kind": KINDS[resource] + "List", "metadata": metadata, "items": items[:limit]})
        self.send(200, text)

    def watch(self, resource, query):
        version = int(query["resourceVersion"])
        watch = Watch(resource, self.selected(query))
        with LOCK:
            if version < STATE.compacted:
                self.send(410, status(410, "Expired", "too old resource version"))
                return
            for its_version, its_resource, kind, body in STATE.history:
                if its_version > version:
                    watch.offer(its_resource, kind, body)
            STATE.watches.append(watch)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while (data := watch.queue.get()) is not None:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.write(b"0\r\n\r\n")
        finally:
            with LOCK:
                if watch in STATE.watches:
                    STATE.watches.remove(watch)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port, context):
        self.connections = set()
        self.context = context
        super().__init__(("127.0.0.1", port), Handler)

    def get_request(self):
        connection, address = super().get_request()
        with LOCK:
            self.connections.add(connection)
        return connection, address

    def finish_request(self, request, client_address):
        raw = request
        try:
            request = self.context.wrap_socket(raw, server_side=True)
            with LOCK:
                self.connections.discard(raw)
                self.connections.add(request)
            super().finish_request(request, client_address)
        except (OSError, ValueError):
            pass
        finally:
            with LOCK:
                self.connections.discard(raw)
                self.connections.discard(request)
            try:
                request.close()
            except OSError:
                pass

    def handle_error(self, request, client_address):
        pass

    def drop(self):
        """Cuts all connections, in the midst of whatever they carry."""
        with LOCK:
            connections = list(self.connections)
            for watch in STATE.watches:
                watch.queue.put(None)
            STATE.watches.clear()
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def openssl(*arguments, text=None):
    subprocess.run(["openssl", *arguments], cwd=FOLDER, check=True, input=text, text=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def new_certificates():
    """A new CA, whose certificate is not yet in ca.crt, and a pair that it signed."""
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")
    openssl("req", "-x509", *curve, "-days", "2", "-subj", "/CN=ca", "-keyout", "new-ca.key", "-out", "new-ca.crt")
    openssl("req", *curve, "-subj", "/CN=apiserver", "-keyout", "tls.key", "-out", "tls.csr")
    with open(os.path.join(FOLDER, "san"), "w", encoding="ascii") as file:
        file.write("subjectAltName=IP:127.0.0.1,DNS:apiserver.test\n")
    openssl("x509", "-req", "-days", "2", "-in", "tls.csr", "-CA", "new-ca.crt", "-CAkey", "new-ca.key",
            "-CAcreateserial", "-out", "tls.crt", "-extfile", "san")


def new_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(FOLDER, "tls.crt"), os.path.join(FOLDER, "tls.key"))
    return context


def write(name, text):
    path = os.path.join(FOLDER, name)
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.replace(path + ".new", path)


def traced():
    return "".join(chr(ord("a") + place * 7 % 26) for place in range(2000))


class Commands:
    """What a line of standard input can ask for."""

    def __init__(self):
        new_certificates()
        self.server = None
        self.port = 0
        self.listen()
        self.port = self.server.server_port
        write("token", "first-token\n")
        self.trust()
        write("kubeconfig", json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": f"https://127.0.0.1:{self.port}/",
                                                      "certificate-authority": "ca.crt"}}],
            "users": [{"name": "test", "user": {"tokenFile": "token"}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]}))

    def listen(self):
        self.server = Server(self.port, new_context())
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def refuse(self):
        """Nobody listens any more; connections are cut."""
        self.server.shutdown()
        self.server.server_close()
        self.server.drop()

    def drop(self):
        self.server.drop()

    def rotate(self):
        """Serves with a certificate of a new CA, which ca.crt does not have yet."""
        new_certificates()
        self.server.context = new_context()
        self.server.drop()

    @staticmethod
    def trust():
        with open(os.path.join(FOLDER, "new-ca.crt"), encoding="ascii") as file:
            write("ca.crt", file.read())

    @staticmethod
    def token(value):
        write("token", value)

    def reset(self):
        self.server.drop()
        with LOCK:
            STATE.reset()

    @staticmethod
    def put(resource, name, namespace="", body=None, quietly=False):
        with LOCK:
            STATE.version += 1
            key = (resource, namespace, name)
            kind = "MODIFIED" if key in STATE.objects else "ADDED"
            new = dict(body or {})
            new["metadata"] = {"name": name, "uid": f"uid-{STATE.version}", **new.get("metadata", {})}
            if namespace:
                new["metadata"]["namespace"] = namespace
            STATE.objects[key] = new
            if quietly:  # watches do not hear of it
                new["metadata"]["resourceVersion"] = str(STATE.version)
            else:
                STATE.event(resource, kind, new)

    @staticmethod
    def put_traced(name, namespace):
        """A Secret with a value that the test can look for without having it."""
        Commands.put("secrets", name, namespace, {"data": {"value": traced()}})

    @staticmethod
    def token_traced():
        write("token", traced())

    @staticmethod
    def delete(resource, name, namespace="", quietly=False):
        with LOCK:
            STATE.version += 1
            gone = json.loads(json.dumps(STATE.objects.pop((resource, namespace, name))))
            if not quietly:
                STATE.event(resource, "DELETED", gone)

    @staticmethod
    def fill(count, size=64):
        """COUNT namespaces with their Cluster and Secret, all with some ballast of SIZE bytes."""
        for number in range(count):
            name = f"shoot--project--{number:05}"
            Commands.put("namespaces", name, body={"metadata": {
                "labels": {"kubernetes.io/metadata.name": name, "gardener.cloud/role": "shoot"}},
                "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active", "ballast": "n" * size}})
            Commands.put("clusters", name, body={"spec": {
                "shoot": {"spec": {"provider": {"type": "aws"}, "ballast": "b" * size}},
                "seed": {"spec": {"ballast": "b" * size}}, "cloudProfile": {"spec": {"ballast": "b" * size}}}})
            Commands.put("secrets", "etcd-backup", name, body={
                "type": "Opaque", "data": {"bucketName": "YnVja2V0", "accessKeyID": "a2V5",
                                           "secretAccessKey": base64.b64encode(b"s" * 40).decode()}})

    @staticmethod
    def bookmark(resource):
        with LOCK:
            STATE.version += 1
            for watch in STATE.watches:
                watch.offer(resource, "BOOKMARK", {"metadata": {"resourceVersion": str(STATE.version)}})
            return STATE.version

    @staticmethod
    def raw(resource, text="", size=0):
        """TEXT, with " for `, and SIZE bytes more, to those who watch."""
        with LOCK:
            for watch in STATE.watches:
                if watch.resource == resource:
                    watch.queue.put(text.replace("`", '"').encode() + b"x" * size)

    @staticmethod
    def expire(resource):
        """An event says that the watch is too far behind."""
        with LOCK:
            for watch in STATE.watches:
                if watch.resource == resource:
                    event = {"type": "ERROR", "object": json.loads(status(410, "Expired", "too old"))}
                    watch.queue.put(json.dumps(event).encode() + b"\n")

    @staticmethod
    def compact():
        with LOCK:
            STATE.version += 1
            STATE.compacted = STATE.version

    @staticmethod
    def close(resource):
        """Watches end as they do after their time."""
        with LOCK:
            for watch in STATE.watches:
                if watch.resource == resource:
                    watch.queue.put(None)

    @staticmethod
    def fault(**fault):
        with LOCK:
            STATE.faults.append({"times": 10 ** 9, **fault})

    @staticmethod
    def heal():
        with LOCK:
            STATE.faults.clear()

    @staticmethod
    def install(resource, installed=True):
        (STATE.installed.add if installed else STATE.installed.discard)(resource)

    @staticmethod
    def set(name, value):
        setattr(STATE, name, value)

    @staticmethod
    def count(verb=None, resource=None, path=""):
        """Requests until now."""
        with LOCK:
            return sum(1 for its_verb, its_resource, its_path in STATE.requests
                       if verb in (None, its_verb) and resource in (None, its_resource) and path in its_path)

    @staticmethod
    def watching(resource):
        """Watches that are open."""
        with LOCK:
            return sum(1 for watch in STATE.watches if watch.resource == resource)


def main():
    try:
        commands = Commands()
        print("0", flush=True)
        for line in sys.stdin:
            arguments = json.loads(line)
            result = getattr(commands, arguments.pop("do"))(**arguments)
            print(result if isinstance(result, int) else 0, flush=True)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)


main()

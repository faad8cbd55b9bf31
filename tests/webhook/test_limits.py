"""What the server allows callers together: connections, open files, memory, a log that nobody reads."""
import http.client
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import NAMESPACE, PROGRAM, Service, read_to_end, review, sanitized  # noqa: E402

MIB = 1 << 20
START = b"POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


class WithService(unittest.TestCase):
    options = ()
    wrapper = ()

    def setUp(self):
        self.service = Service(*self.options, wrapper=self.wrapper)
        self.addCleanup(self.end, self.service)

    @staticmethod
    def end(service):
        if service.process.poll() is None:
            service.process.kill()
        service.process.wait()
        shutil.rmtree(service.folder, ignore_errors=True)

    def tearDown(self):
        begun = time.monotonic()
        self.assertEqual(self.service.stop(), 0)
        self.assertLess(time.monotonic() - begun, 15, "however many connections there are, it ends")

    def keep(self, sock):
        self.addCleanup(sock.close)
        return sock

    def memory(self, what):
        """VmRSS or VmHWM in MiB."""
        with open(f"/proc/{self.service.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(what):
                    return int(line.split()[1]) / 1024
        raise AssertionError(what)

    def wait_until(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.1)


class Connections(WithService):
    options = ("--max-connections", "8", "--request-timeout", "20s", "--idle-timeout", "60s")

    def asked(self):
        """As many connections as are allowed, each with an answered review behind it."""
        found = []
        for _ in range(8):
            found.append(self.keep(self.service.connect()))
            self.assertEqual(self.service.post(review(), connection=found[-1])[0], 200)
        return found

    def test_where_all_connections_stall_with_a_request_a_new_caller_is_served_within_four_seconds(self):
        for name, start in (("a body", START + b"Content-Length: 1000\r\n\r\n{"), ("headers", START),
                            ("a request line", b"POST /mutate HTTP/1.1\r\n")):
            stalled = [self.keep(self.service.raw_tls()) for _ in range(8)]
            for sock in stalled:
                sock.sendall(start)
            begun = time.monotonic()
            self.assertEqual(self.service.post(review())[0], 200)
            self.assertLess(time.monotonic() - begun, 4, name)
            for sock in stalled:
                sock.close()
            self.wait_until(lambda: self.service.metric("druid_bridge_connections") == 0, 5, name)

    def test_where_all_connections_idle_a_new_caller_is_served_within_a_second(self):
        for name, fill in (("that asked for a review", self.asked),
                           ("that never asked", lambda: [self.service.raw_tls() for _ in range(8)]),
                           ("that said nothing", lambda: [self.service.raw() for _ in range(8)])):
            connections = fill()
            begun = time.monotonic()
            self.assertEqual(self.service.post(review())[0], 200)
            self.assertLess(time.monotonic() - begun, 1, name)
            for connection in connections:
                connection.close()
            self.wait_until(lambda: self.service.metric("druid_bridge_connections") == 0, 5, name)

    def test_idle_connections_that_never_asked_make_room(self):
        idle = [self.keep(self.service.raw_tls()) for _ in range(8)]
        self.assertEqual(self.service.post(review())[0], 200)
        self.wait_until(lambda: any(read_to_end(sock, 0.1)[1] for sock in idle[:3]), 10, "an old one is cut")
        self.assertFalse(read_to_end(idle[-1], 0.5)[1], "the newest stays")

    def test_below_seven_eighths_of_the_cap_nobody_has_to_go(self):
        idle = [self.keep(self.service.raw_tls()) for _ in range(7)]
        time.sleep(4)
        self.assertEqual(self.service.metric("druid_bridge_connections"), 7)
        self.assertFalse(read_to_end(idle[0], 0.3)[1])


class AllSlots(WithService):
    """With the default cap of 1,024 connections, all of them taken by idle ones."""
    @classmethod
    def setUpClass(cls):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard < 2048:
            raise unittest.SkipTest("the hard limit of open files is too low")
        resource.setrlimit(resource.RLIMIT_NOFILE, (2048, hard))

    def longest_wait(self, connect):
        """How long five new callers wait, one after another, while 1,024 connections come from CONNECT."""
        waits = []
        socks = [self.keep(connect()) for _ in range(1024)]
        for _ in range(5):
            begun = time.monotonic()
            self.assertEqual(self.service.post(review())[0], 200)
            waits.append(time.monotonic() - begun)
        for sock in socks:
            sock.close()
        self.wait_until(lambda: self.service.metric("druid_bridge_connections") == 0, 20, "all are gone")
        return max(waits)

    def reviewed(self, body=json.dumps(review()).encode()):
        sock = self.service.raw_tls()
        sock.sendall(START + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.assertTrue(sock.recv(65536).startswith(b"HTTP/1.1 200"))
        return sock

    def test_a_new_caller_is_served_within_a_second(self):
        for name, connect in (("say nothing", self.service.raw), ("never ask", self.service.raw_tls),
                              ("were reviewed", self.reviewed)):
            wait = self.longest_wait(connect)
            print(f"1,024 connections that {name}: a new caller waits {wait:.3f} s at most")
            self.assertLess(wait, 1, name)

    def test_those_that_were_refused_do_not_stay(self):
        for _ in range(200):
            sock = self.keep(self.service.raw_tls())
            sock.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(read_to_end(sock, 5)[1])
        self.wait_until(lambda: self.service.metric("druid_bridge_connections") == 0, 5, "gone")


class Idle(WithService):
    options = ("--request-timeout", "1s", "--idle-timeout", "3s")

    def test_an_idle_connection_is_closed_after_its_time(self):
        connection = self.keep(self.service.connect())
        self.assertEqual(self.service.post(review(), connection=connection)[0], 200)
        begun = time.monotonic()
        self.assertTrue(read_to_end(connection.sock, 15)[1])
        self.assertGreater(time.monotonic() - begun, 2)
        self.wait_until(lambda: self.service.metric("druid_bridge_connections") == 0, 5, "gone")

    def test_so_is_one_that_never_asked(self):
        sock = self.keep(self.service.raw_tls())
        begun = time.monotonic()
        self.assertTrue(read_to_end(sock, 15)[1])
        self.assertGreater(time.monotonic() - begun, 2)


class OperationsPort(WithService):
    def test_senders_of_single_bytes_do_not_keep_the_probes_out(self):
        socks = []
        for _ in range(64):
            sock = self.keep(socket.create_connection(("127.0.0.1", self.service.operations_port)))
            sock.sendall(b"GET /")
            socks.append(sock)
        begun = time.monotonic()
        waiting = http.client.HTTPConnection("127.0.0.1", self.service.operations_port, timeout=20)
        self.addCleanup(waiting.close)
        waiting.request("GET", "/healthz")
        self.assertEqual(waiting.getresponse().status, 200)
        self.assertLess(time.monotonic() - begun, 8)
        closed = set()
        while len(closed) < len(socks) and time.monotonic() - begun < 20:
            for sock in set(socks) - closed:
                try:
                    sock.sendall(b"x")
                except OSError:
                    closed.add(sock)
            time.sleep(0.5)
        self.assertEqual(len(closed), len(socks))

    def test_each_connection_has_one_request(self):
        sock = self.keep(socket.create_connection(("127.0.0.1", self.service.operations_port)))
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer, closed = read_to_end(sock, 5)
        self.assertTrue(closed)
        self.assertIn(b"Connection: close", answer)


class OpenFiles(unittest.TestCase):
    def serve(self, limit, *options):
        service = Service(*options, wrapper=("prlimit", "--nofile=" + limit))
        self.addCleanup(WithService.end, service)
        return service

    @staticmethod
    def soft_limit(service):
        with open(f"/proc/{service.process.pid}/limits", encoding="ascii") as file:
            return next(int(line.split()[3]) for line in file if line.startswith("Max open files"))

    def test_the_soft_limit_is_raised_as_far_as_needed(self):
        service = self.serve("64:4096")
        self.assertGreater(self.soft_limit(service), 1024 + 64)
        self.assertNotIn("open files", service.log())
        self.assertEqual(service.stop(), 0)

    def test_a_low_hard_limit_lowers_the_cap_and_everything_else_goes_on(self):
        service = self.serve("256:256", "--request-timeout", "3s")
        line = service.wait_for_log("hard limit of open files")
        self.assertIn("asked=1024", line)
        socks = [service.raw() for _ in range(300)]
        for sock in socks:
            self.addCleanup(sock.close)
        time.sleep(1)
        self.assertEqual(service.operations("/healthz")[0], 200)
        self.assertEqual(service.operations("/readyz")[0], 200)
        self.assertLess(service.metric("druid_bridge_connections"), 200)
        self.assertEqual(service.post(review())[0], 200)
        self.assertEqual(service.log().count("hard limit of open files"), 1)
        self.assertEqual(service.stop(), 0)


def many(piece, size):
    """A list of that PIECE, SIZE bytes long."""
    return b"[" + b",".join([piece] * ((size - 2) // (len(piece) + 1))) + b"]"


class Memory(WithService):
    """The Deployment allows 512 MiB; one request stays below half of that."""
    options = ("--request-timeout", "60s", "--open-translate")

    @unittest.skipIf(sanitized(), "the sanitizers take memory of their own")
    def test_no_body_takes_more_than_a_pod_has_and_what_it_took_comes_back(self):
        limit = 7 * MIB
        update = json.dumps(review(operation="UPDATE")).encode()
        entry = b'{"k":"f:metadata","v":"some text of managed fields, as long as it is"}'
        for what, path, body in (
                ("maps", "/mutate", many(b"{}", limit)), ("maps", "/translate", many(b"{}", limit)),
                ("maps with a key", "/mutate", many(b'{"abcde":0}', limit)),
                ("numbers", "/mutate", many(b"0", limit)), ("lists", "/mutate", many(b"[],0,0,0,0", limit)),
                ("keys", "/mutate", b"{" + b",".join(b'"%x":0' % i for i in range(600000)) + b"}"),
                ("just within", "/mutate", many(b"{},0,0,0,0,0", 110000 * 14)),
                ("reviews of 5 MiB", "/mutate", update[:-1] + b',"x":' + many(entry, 5 * MIB) + b"}")):
            status = self.service.post(body, path=path)[0]
            self.assertIn(status, (200, 400, 413), what)
            self.assertLess(self.memory("VmHWM"), 250, what)
        container = review()["request"]["object"]
        container["spec"]["template"]["spec"]["containers"][0]["odd"] = [0] * 9000
        self.assertEqual(self.service.post(container, path="/translate")[0], 200)
        self.assertEqual(self.service.post(update)[0], 200)
        self.assertLess(self.memory("VmHWM"), 250)
        self.assertLess(self.memory("VmRSS"), 50)

    def test_an_ordinary_large_review_is_answered(self):
        changed = review(operation="UPDATE")
        changed["request"]["object"]["metadata"]["annotations"] = {"large": '{"a":[1,2,{}],' * 200000}
        self.assertEqual(self.service.post(changed)[0], 200)

    def test_a_list_that_is_too_long_to_translate_is_413(self):
        item = {"apiVersion": "v1", "kind": "List", "items": []}
        item["items"] = [{"kind": "StatefulSet", "metadata": {"name": "a", "namespace": NAMESPACE}}] * 80000
        status, _, answer = self.service.post(item, path="/translate")
        self.assertEqual(status, 413)
        self.assertIn("one request may take 168 MiB (--request-memory); a List can be sent in parts", answer["message"])
        self.assertEqual(answer["reason"], "RequestEntityTooLarge")

    def test_one_that_takes_more_than_a_translation_may_is_413(self):
        stateful_set = review()["request"]["object"]
        stateful_set["spec"]["template"]["spec"]["k" * 300] = {"k" * 300: {"k" * 300: [0] * 8000}}
        status, _, answer = self.service.post(stateful_set, path="/translate")
        self.assertEqual(status, 413)
        self.assertIn("translating it takes more than 32 MiB", answer["message"])

    def test_a_long_annotation_of_a_statefulset_cannot_blow_up_its_report(self):
        body = (b'{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"etcd-main","namespace":"n"},'
                b'"spec":{"template":{"spec":{"containers":[{"name":"etcd","x":' + many(b"0", MIB) + b"}]}}}}")
        self.assertEqual(self.service.post(body, path="/translate")[0], 413)


class BodyMemory(WithService):
    options = ("--request-memory", "16Mi")

    def test_a_few_slow_large_bodies_leave_room_for_ordinary_reviews(self):
        for _ in range(4):
            sock = self.keep(self.service.raw_tls())
            sock.sendall(START + b"Content-Length: 7000000\r\n\r\n" + b" " * 4300000)
        time.sleep(1)
        self.assertEqual(self.service.post(b" " * 6000000)[0], 429)
        ordinary = json.dumps(review(operation="UPDATE")).encode()
        ordinary += b" " * (128 * 1024 - len(ordinary))
        for _ in range(3):
            self.assertEqual(self.service.post(ordinary)[0], 200)


class Log(unittest.TestCase):
    def test_a_log_that_nobody_reads_costs_no_review(self):
        service = Service("--log-format", "json")
        self.addCleanup(WithService.end, service)
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            port, operations = one.getsockname()[1], other.getsockname()[1]
        process = subprocess.Popen(
            [PROGRAM, "--config", service.config, "--objects", service.objects, "--tls-dir", service.tls,
             "--listen", f"127.0.0.1:{port}", "--operations-listen", f"127.0.0.1:{operations}"],
            stdout=subprocess.DEVNULL, stderr=writer)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        os.close(writer)
        self.assertTrue(os.read(reader, 4096))
        time.sleep(1)
        service.port = port
        connection = service.connect()
        for _ in range(600):
            self.assertEqual(service.post(review(), connection=connection)[0], 200)
        connection.close()
        while b" dropped=" not in os.read(reader, 4096):
            self.assertEqual(service.post(review())[0], 200)

    def test_long_values_leave_whole_json_lines(self):
        service = Service("--log-format", "json")
        self.addCleanup(WithService.end, service)
        service.post(review(uid="u" * 5000, name="\u20ac" * 5000))
        service.post({**review(), "kind": "\u20ac" * 5000})
        lines = [json.loads(line) for line in service.log().splitlines()]
        found = [line for line in lines if line["msg"] == "review"]
        self.assertEqual([line["outcome"] for line in found], ["ignored", "unreadable"])
        self.assertTrue(found[0]["uid"].endswith("u\u2026"))
        self.assertEqual(service.stop(), 0)

    def test_an_answer_is_utf8_where_a_value_is_cut(self):
        service = Service()
        self.addCleanup(WithService.end, service)
        for begin in range(60, 66):
            for key in ("kind", "apiVersion"):
                text = json.dumps({**review(), key: "a" * begin + "\u20ac" * 40}, ensure_ascii=False)
                status, _, answer = service.post(text.encode())
                self.assertEqual(status, 400)
                self.assertIn("expected", answer["message"])
        self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

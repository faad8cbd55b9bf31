"""What the server says to requests, good and bad ones."""
import json
import os
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import NAMESPACE, Service, patch_of, read_to_end, review  # noqa: E402

service = None


def setUpModule():
    global service
    service = Service("--request-timeout", "2s", "--request-memory", "72Mi")


def tearDownModule():
    assert service.stop() == 0


class Reviews(unittest.TestCase):
    def test_both_versions_are_answered_in_the_version_asked(self):
        for version in ("v1", "v1beta1"):
            status, headers, answer = service.post(review(version=version))
            self.assertEqual(status, 200)
            self.assertEqual(headers["Content-Type"], "application/json")
            self.assertEqual(answer["apiVersion"], "admission.k8s.io/" + version)
            self.assertEqual(answer["kind"], "AdmissionReview")
            self.assertEqual(answer["response"]["uid"], review()["request"]["uid"])
            self.assertIs(answer["response"]["allowed"], True)
            self.assertEqual(answer["response"]["patchType"], "JSONPatch")
            paths = [operation["path"] for operation in patch_of(answer)]
            self.assertIn("/spec/template/spec/containers/-", paths)

    def test_what_is_not_ours_is_allowed_without_patch_and_patch_type(self):
        for changes in ({"operation": "DELETE", "object": None}, {"name": "prometheus"},
                        {"operation": "CONNECT", "object": None},
                        {"resource": {"group": "", "version": "v1", "resource": "pods"}},
                        {"subResource": "status"}, {"namespace": None, "name": "cluster-scoped"}):
            answer = service.post(review(**changes))[2]
            self.assertEqual(answer["response"], {"uid": review()["request"]["uid"], "allowed": True})

    def test_a_refusal_has_a_code_and_a_message_for_the_person_at_kubectl(self):
        status, _, answer = service.post(review(namespace="shoot--garden--pear"))
        self.assertEqual(status, 200)
        self.assertEqual(answer["response"]["warnings"][0].split(":")[0], "no backup sidecar")
        broken = review()
        broken["request"]["object"]["spec"]["template"]["spec"]["containers"] = "none"
        status, _, answer = service.post(broken)
        self.assertEqual(status, 200)
        self.assertIs(answer["response"]["allowed"], False)
        self.assertEqual(answer["response"]["status"]["code"], 422)
        self.assertEqual(answer["response"]["status"]["message"],
                         f"StatefulSet {NAMESPACE}/etcd-main: /spec/template/spec/containers: "
                         "found a string, expected a list")
        self.assertNotIn("patch", answer["response"])

    def test_dry_run_is_answered_alike(self):
        self.assertEqual(patch_of(service.post(review(dryRun=True))[2]),
                         patch_of(service.post(review())[2]))

    def test_the_same_question_gets_the_same_answer(self):
        answers = {json.dumps(service.post(review())[2]) for _ in range(5)}
        self.assertEqual(len(answers), 1)

    def test_many_requests_on_one_connection(self):
        connection = service.connect()
        for _ in range(50):
            self.assertEqual(service.post(review(), connection=connection)[0], 200)
        connection.close()


class BadRequests(unittest.TestCase):
    def expect(self, status, text, body=b"{}", **how):
        got, headers, answer = service.post(body, **how)
        self.assertEqual((got, answer["code"], answer["kind"], answer["status"]),
                         (status, status, "Status", "Failure"))
        self.assertIn(text, answer["message"])
        self.assertEqual(headers["Content-Type"], "application/json")
        return headers

    def test_wrong_paths_are_404(self):
        for path in ("/", "/mutate/", "/mutate2", "/healthz", "/metrics", "/../mutate", "/Mutate"):
            self.expect(404, "POST /mutate", path=path)

    def test_wrong_methods_are_405(self):
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
            headers = self.expect(405, "POST", method=method, body=None if method == "GET" else b"{}")
            self.assertEqual(headers["Allow"], "POST")

    def test_wrong_content_types_are_415(self):
        for kind in ("text/plain", "application/yaml", "application/jsonp", ""):
            self.expect(415, "application/json", headers={"Content-Type": kind})
        self.expect(415, "Content-Encoding", headers={"Content-Encoding": "gzip"})

    def test_parameters_of_the_content_type_are_fine(self):
        for kind in ("application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"):
            self.assertEqual(service.post(review(), headers={"Content-Type": kind})[0], 200)

    def test_unreadable_bodies_are_400(self):
        good = json.dumps(review()).encode()
        for body, text in (
                (b"", "end of data"), (good[:-1], "end of data"), (good[:200], "the text ends"),
                (good + b"x", "begins no JSON value"), (good + good, "unexpected"), (b"[]", "expected a map"),
                (b"null", "expected a map"), (b"nonsense", "line 1, column"),
                (good.replace(b"etcd-main", b"etcd-\xff", 1), "UTF-8"),
                (b'{"a":' * 65 + b"1" + b"}" * 65, "nest"), (b"[" * 100000, "nest"),
                (b"{'kind': 'AdmissionReview'}", "begins no JSON value"), (b'{"a": NaN}', "begins no")):
            self.expect(400, text, body=body)

    def test_reviews_that_cannot_be_decided_on_are_400(self):
        for pointer, value, text in (
                ("kind", "Review", "found 'Review', expected AdmissionReview"),
                ("apiVersion", "admission.k8s.io/v2", "admission.k8s.io/v1beta1"),
                ("apiVersion", None, "/apiVersion: missing"), ("kind", 7, "/kind: found an integer"),
                ("request", None, "/request: missing"), ("request", [], "/request: found a list")):
            self.expect(400, text, body={**review(), pointer: value})
        for changes, text in (
                ({"uid": None}, "/request/uid: missing"), ({"uid": 1}, "/request/uid: found an integer"),
                ({"uid": ""}, "/request/uid: is empty"),
                ({"operation": "PATCH"}, "found 'PATCH', expected CREATE"),
                ({"operation": {}}, "/request/operation: found a map"),
                ({"resource": None}, "/request/resource/resource: missing"),
                ({"resource": "statefulsets"}, "/request/resource: found a string"),
                ({"object": None}, "/request/object: missing"),
                ({"object": []}, "/request/object: found a list"),
                ({"operation": "UPDATE", "oldObject": None}, "/request/oldObject: missing"),
                ({"operation": "UPDATE", "oldObject": 1}, "/request/oldObject: found an integer"),
                ({"name": ["x"]}, "/request/name: found a list"),
                ({"uid": "a\0b"}, "contains a NUL"),
                ({"namespace": {}}, "/request/namespace: found a map")):
            self.expect(400, text, body=review(**changes))

    def test_a_namespace_that_is_no_dns_label_is_400(self):
        for name in ("../../etc", "a/b", "A", "-a", "a.b", "a" * 64, "%2e%2e", "a\n"):
            self.expect(400, "DNS label", body=review(namespace=name))

    def test_a_body_that_is_too_large_is_413_and_the_client_can_read_it(self):
        self.expect(413, "7 MiB", body=b" " * (7 * 1024 * 1024 + 1))
        self.expect(413, "7 MiB", body=b" " * (20 * 1024 * 1024))
        chunks = (b" " * 65536 for _ in range(200))
        connection = service.connect()
        connection.request("POST", "/mutate", chunks, {"Content-Type": "application/json"},
                           encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 413)
        connection.close()

    def test_who_waits_for_a_continue_is_told_at_once(self):
        sock = service.raw_tls()
        sock.sendall(b"POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
        self.assertTrue(sock.recv(4096).startswith(b"HTTP/1.1 413"))
        sock.close()

    def test_a_body_just_within_the_limit_is_read(self):
        body = json.dumps(review()).encode()
        body += b" " * (7 * 1024 * 1024 - len(body))
        self.assertEqual(service.post(body)[0], 200)

    def test_more_bodies_than_there_is_memory_for_are_429_with_retry_after(self):
        slow = [service.raw_tls() for _ in range(3)]
        for sock in slow:
            sock.sendall(b"POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                         b"Content-Length: 6000000\r\n\r\n" + b" " * 5000000)
        time.sleep(0.5)
        headers = self.expect(429, "again", body=b" " * 6000000)
        self.assertEqual(headers["Retry-After"], "1")
        self.assertNotIn("Connection", headers)
        for sock in slow:
            sock.close()
        time.sleep(0.5)
        self.assertEqual(service.post(review())[0], 200)

    def test_what_could_never_fit_is_413_and_names_the_limit(self):
        headers = self.expect(413, "one request may take 63 MiB (--request-memory)",
                              body=b"[" + b"{}," * 100000 + b"{}]")
        self.assertNotIn("Retry-After", headers)

    def test_refusals_close_the_connection(self):
        for status, how in ((404, {"path": "/"}), (405, {"method": "GET", "body": None}), (400, {}),
                            (415, {"headers": {"Content-Type": "text/plain"}}),
                            (413, {"body": b" " * (7 * 1024 * 1024 + 1)})):
            connection = service.connect()
            headers = self.expect(status, "", connection=connection, **how)
            self.assertEqual(headers["Connection"], "close", status)
            self.assertTrue(read_to_end(connection.sock, 5)[1] if connection.sock else True)
            connection.close()

    def test_a_decision_leaves_the_connection_open(self):
        connection = service.connect()
        for changes in ({}, {"object": {"spec": {"template": []}}}):
            status, headers, _ = service.post(review(**changes), connection=connection)
            self.assertEqual(status, 200)
            self.assertNotIn("Connection", headers)
        connection.close()


class Deadlines(unittest.TestCase):
    """A caller that waits no longer, or has gone, is not worked for."""

    @classmethod
    def setUpClass(cls):
        large = review(operation="UPDATE")
        large["request"]["object"]["metadata"]["annotations"] = {f"a{i}": "b" for i in range(30000)}
        cls.large = json.dumps(large).encode()

    def test_work_stops_when_the_callers_timeout_has_passed(self):
        status, _, answer = service.post(self.large, path="/mutate?timeout=1ms")
        self.assertEqual(status, 500)
        self.assertIn("the caller's deadline has passed", answer["message"])
        self.assertEqual(service.post(self.large, path="/mutate?timeout=10s")[0], 200)

    def test_a_timeout_that_is_none_is_400(self):
        for text in ("x", "", "-1s", "0s", "10", "1e9s"):
            status, _, answer = service.post(review(), path="/mutate?timeout=" + text)
            self.assertEqual(status, 400, text)
            self.assertIn("expected a duration above zero", answer["message"])

    def test_work_stops_when_the_caller_has_gone(self):
        before = service.log().count("the caller has closed the connection")
        end = time.monotonic() + 20
        while service.log().count("the caller has closed the connection") == before:
            self.assertLess(time.monotonic(), end)
            sock = service.raw_tls()
            sock.sendall(b"POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(self.large) + self.large)
            sock.close()
            time.sleep(0.1)


class Stalls(unittest.TestCase):
    """With --request-timeout 2s; what is cut is closed within 2 s and the tick, far below the idling."""

    def expect_cut(self, sock, start=b"", trickle=b""):
        begun = time.monotonic()
        if start:
            sock.sendall(start)
        closed = False
        try:
            while not closed and time.monotonic() - begun < 12:
                if trickle:
                    sock.sendall(trickle)
                closed = read_to_end(sock, 0.3)[1]
        except OSError:
            closed = True
        self.assertTrue(closed, "still open")
        self.assertGreater(time.monotonic() - begun, 1)
        sock.close()

    def test_a_client_that_says_nothing_at_all(self):
        self.expect_cut(service.raw())

    def test_a_handshake_that_trickles_in(self):
        self.expect_cut(service.raw(), b"\x16\x03\x01\x02\x00\x01", b"\x00")

    def test_headers_that_trickle_in(self):
        self.expect_cut(service.raw_tls(), b"POST /mutate HTTP/1.1\r\n", b"X-A: b\r\n")

    def test_a_body_that_trickles_in(self):
        self.expect_cut(service.raw_tls(), b"POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: "
                        b"application/json\r\nContent-Length: 100000\r\n\r\n", b" ")

    def test_a_refused_body_that_never_ends(self):
        self.expect_cut(service.raw_tls(), b"POST /nowhere HTTP/1.1\r\nHost: x\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")

    def test_an_open_connection_that_idles_is_not_cut(self):
        connection = service.connect()
        time.sleep(5)
        self.assertEqual(service.post(review(), connection=connection)[0], 200)
        time.sleep(5)
        self.assertEqual(service.post(review(), connection=connection)[0], 200)
        connection.close()

    def test_garbage_instead_of_tls_is_closed(self):
        for garbage in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(4096), b"\x16\x03\x01\xff\xff"):
            sock = service.raw()
            sock.sendall(garbage)
            self.assertTrue(read_to_end(sock, 12)[1])
            sock.close()

    def test_connections_that_break_off_leave_nothing_behind(self):
        for step in range(40):
            sock = service.raw_tls() if step % 2 else service.raw()
            sock.send(b"POST /mutate HTTP/1.1\r\nContent-Length: 5000\r\nContent-Type: application/json"
                      b"\r\n\r\n{")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.close()
        for name in ("druid_bridge_connections", "druid_bridge_requests_in_flight"):
            end = time.monotonic() + 10
            while service.metric(name) and time.monotonic() < end:
                time.sleep(0.1)
            self.assertEqual(service.metric(name), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

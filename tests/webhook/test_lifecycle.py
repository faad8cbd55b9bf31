"""Start, reload, drain and end; the operations port; the log; client certificates."""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import NAMESPACE, PROGRAM, Service, patch_of, read_fixture, review  # noqa: E402


class WithService(unittest.TestCase):
    options = ()

    def setUp(self):
        self.service = Service(*self.options)

    def tearDown(self):
        if self.service.process.poll() is None:
            self.assertEqual(self.service.stop(), 0)


class Operations(WithService):
    def test_health_readiness_and_nothing_else(self):
        self.assertEqual(self.service.operations("/healthz"), (200, "ok\n"))
        self.assertEqual(self.service.operations("/readyz"), (200, "ok\n"))
        self.assertEqual(self.service.operations("/mutate")[0], 404)
        self.assertEqual(self.service.operations("/healthz", method="POST")[0], 405)
        self.assertEqual(self.service.operations("/healthz", method="HEAD"), (200, ""))

    def test_metrics_count_what_happened(self):
        self.service.post(review())
        self.service.post(review(name="prometheus"))
        self.service.post(review(operation="DELETE", object=None))
        self.service.post(b"{")
        self.service.post(b"{}", path="/elsewhere")
        broken = review()
        broken["request"]["object"]["spec"] = 1
        self.service.post(broken)
        for row, value in (
                ('druid_bridge_requests_total{path="/mutate",code="200"}', 4),
                ('druid_bridge_requests_total{path="/mutate",code="400"}', 1),
                ('druid_bridge_requests_total{path="other",code="404"}', 1),
                ('druid_bridge_reviews_total{operation="CREATE",outcome="patched"}', 1),
                ('druid_bridge_reviews_total{operation="CREATE",outcome="ignored"}', 1),
                ('druid_bridge_reviews_total{operation="CREATE",outcome="refused"}', 1),
                ('druid_bridge_reviews_total{operation="DELETE",outcome="ignored"}', 1),
                ('druid_bridge_reviews_total{operation="unknown",outcome="unreadable"}', 1),
                ('druid_bridge_review_duration_seconds_count', 5),
                ('druid_bridge_review_duration_seconds_bucket{le="+Inf"}', 5),
                ("druid_bridge_requests_in_flight", 0)):
            self.assertEqual(self.service.metric(row), value, row)
        remaining = self.service.metric("druid_bridge_certificate_expiry_timestamp_seconds")
        self.assertAlmostEqual(remaining - time.time(), 86400, delta=600)
        self.assertGreater(self.service.metric("process_resident_memory_bytes"), 1e6)
        self.assertIn("druid_bridge_build_info{version=", self.service.operations("/metrics")[1])

    def test_the_text_format_is_well_formed(self):
        self.service.post(review())
        declared = set()
        for line in self.service.operations("/metrics")[1].splitlines():
            if line.startswith("# TYPE "):
                declared.add(line.split()[2])
            elif not line.startswith("#"):
                name = line.split("{")[0].split(" ")[0]
                base = name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
                self.assertTrue(name in declared or base in declared, line)
                float(line.rsplit(" ", 1)[1])


class Log(WithService):
    def test_one_line_a_review(self):
        self.service.post(review())
        line = self.service.wait_for_log("msg=review")
        for part in ("level=info", "uid=0d5cd8a2-", f"namespace={NAMESPACE}", "name=etcd-main",
                     "operation=CREATE", "outcome=patched", "duration="):
            self.assertIn(part, line)
        self.assertEqual(self.service.log().count("msg=review"), 1)

    def test_a_warning_and_a_refusal_stand_in_the_log(self):
        self.service.post(review(namespace="shoot--garden--pear"))
        self.assertIn("level=warning", self.service.wait_for_log("no backup sidecar"))
        broken = review()
        broken["request"]["object"]["spec"] = 1
        self.service.post(broken)
        self.assertIn("found an integer", self.service.wait_for_log("outcome=refused"))

    def test_values_cannot_forge_lines(self):
        self.service.post(review(uid='x\nlevel=error msg="forged"', name="a b\u001b[31m"))
        line = self.service.wait_for_log("msg=review")
        self.assertIn('uid="x\\u000alevel=error msg=\\"forged\\""', line)
        self.assertIn("\\u001b[31m", line)

    def test_no_secret_reaches_log_metrics_or_answer(self):
        answer = json.dumps(self.service.post(review())[2])
        for text in (self.service.log(), self.service.operations("/metrics")[1], answer):
            self.assertNotIn("bm9ib2R5", text)
            self.assertNotIn("nobody", text)


class JsonLog(WithService):
    options = ("--log-format", "json")

    def test_every_line_is_json(self):
        self.service.post(review(uid='"\\\u00e9\n'))
        self.service.wait_for_log('"msg":"review"')
        lines = [json.loads(line) for line in self.service.log().splitlines()]
        reviews = [line for line in lines if line["msg"] == "review"]
        self.assertEqual(reviews[0]["uid"], '"\\\u00e9\n')
        self.assertEqual(reviews[0]["outcome"], "patched")


class Hangup(WithService):
    def image(self):
        operations = patch_of(self.service.post(review())[2])
        return next(o["value"]["image"] for o in operations if o["path"].endswith("/containers/-"))

    def test_configuration_and_objects_are_read_again(self):
        self.assertEqual(self.image(), "example.com/etcdbrctl:1")
        self.service.write("config.yaml", "apiVersion: druid-bridge/v1alpha1\nkind: BridgeConfiguration\n"
                           "sidecar: {image: 'example.com/etcdbrctl:2'}\n")
        self.service.write("objects.yaml", read_fixture("cluster.yaml", "azure"))
        self.service.signal(signal.SIGHUP)
        self.service.wait_for_log("configuration and objects reloaded")
        self.assertEqual(self.image(), "example.com/etcdbrctl:2")
        self.assertIn("STORAGE_ACCOUNT", json.dumps(patch_of(self.service.post(review())[2])))

    def test_broken_ones_leave_the_old_in_force_and_say_so(self):
        for name, text, said in (
                ("config.yaml", "apiVersion: druid-bridge/v1alpha1\nkind: BridgeConfiguration\nsidecra: {}\n",
                 "config.yaml:3: .*unknown key 'sidecra'"),
                ("objects.yaml", "kind: [", "objects.yaml:")):
            with open(os.path.join(self.service.folder, name), encoding="utf-8") as file:
                good = file.read()
            self.service.write(name, text)
            self.service.signal(signal.SIGHUP)
            self.service.wait_for_log("not reloaded; the old ones stay.*" + said)
            self.assertEqual(self.image(), "example.com/etcdbrctl:1")
            self.service.write(name, good)
        self.assertEqual(
            self.service.metric('druid_bridge_reloads_total{what="configuration",result="failed"}'), 2)


class Certificates(unittest.TestCase):
    """The pair is mounted as kubelet mounts a Secret: links to ..data, which is swapped as a whole."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.mount = os.path.join(self.folder, "mount")
        os.mkdir(self.mount)
        self.generation = 0
        self.swap(self.new_pair("first"))
        for name in ("tls.crt", "tls.key"):
            os.symlink(os.path.join("..data", name), os.path.join(self.mount, name))
        self.service = Service("--tls-dir", self.mount)

    def tearDown(self):
        self.assertEqual(self.service.stop(), 0)

    def swap(self, source):
        self.generation += 1
        name = f"..2026_{self.generation}"
        shutil.copytree(source, os.path.join(self.mount, name))
        os.symlink(name, os.path.join(self.mount, "..data_tmp"))
        os.rename(os.path.join(self.mount, "..data_tmp"), os.path.join(self.mount, "..data"))

    def serial(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(self.service.raw()) as sock:
            return sock.getpeercert(binary_form=True)

    def new_pair(self, name, **how):
        folder = os.path.join(self.folder, name)
        Service.issue(folder, **how)
        return folder

    def test_a_swapped_link_is_noticed_within_seconds(self):
        before = self.serial()
        self.swap(self.new_pair("next"))
        end = time.monotonic() + 5
        while self.serial() == before and time.monotonic() < end:
            time.sleep(0.05)
        self.assertNotEqual(self.serial(), before)
        self.assertEqual(
            self.service.metric('druid_bridge_reloads_total{what="certificate",result="done"}'), 1)

    def test_a_broken_pair_is_not_taken(self):
        before = self.serial()
        other = self.new_pair("other")
        broken = self.new_pair("broken")
        shutil.copy(os.path.join(other, "tls.key"), os.path.join(broken, "tls.key"))
        self.swap(broken)
        self.service.wait_for_log("certificate not reloaded; the old one stays")
        self.assertEqual(self.serial(), before)
        self.assertEqual(
            self.service.metric('druid_bridge_reloads_total{what="certificate",result="failed"}'), 1)
        self.assertEqual(self.service.operations("/readyz")[0], 200)
        self.swap(other)
        self.service.wait_for_log("certificate loaded.*mount", 5)

    def test_a_hangup_tells_again_of_what_is_still_broken(self):
        broken = self.new_pair("broken")
        shutil.copy(os.path.join(self.new_pair("other"), "tls.key"), os.path.join(broken, "tls.key"))
        self.swap(broken)
        self.service.wait_for_log("certificate not reloaded")
        self.service.signal(signal.SIGHUP)
        self.service.wait_for_log("objects reloaded")
        end = time.monotonic() + 5
        while self.service.log().count("certificate not reloaded") < 2 and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(self.service.log().count("certificate not reloaded"), 2)

    def test_no_request_is_dropped_while_pairs_are_swapped(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        stop, failures, answered = threading.Event(), [], [0, 0]

        def ask(row, fresh):
            connection = None
            while not stop.is_set():
                try:
                    connection = connection or self.service.connect(context=context)
                    assert self.service.post(review(), connection=connection)[0] == 200
                    answered[row] += 1
                except Exception as error:  # pylint: disable=broad-except
                    failures.append(repr(error))
                if fresh and connection:
                    connection.close()
                    connection = None

        threads = [threading.Thread(target=ask, args=(row, row == 1)) for row in (0, 1)]
        for thread in threads:
            thread.start()
        for number in range(8):
            self.swap(self.new_pair(f"pair{number}"))
            time.sleep(0.3)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertGreater(min(answered), 20)
        self.assertGreaterEqual(
            self.service.metric('druid_bridge_reloads_total{what="certificate",result="done"}'), 4)


class Ending(unittest.TestCase):
    def test_draining_is_not_ready_but_serves_and_closes_connections(self):
        service = Service("--drain", "2s")
        kept = service.connect()
        self.assertNotEqual(service.post(review(), connection=kept)[1].get("Connection"), "close")
        service.signal(signal.SIGTERM)
        service.wait_for_log("draining")
        self.assertEqual(service.operations("/readyz"), (503, "stopping\n"))
        self.assertEqual(service.operations("/healthz")[0], 200)
        status, headers, _ = service.post(review(), connection=kept)
        self.assertEqual((status, headers["Connection"].lower()), (200, "close"))
        self.assertEqual(service.post(review())[0], 200)
        self.assertEqual(service.stop(), 0)

    def test_a_request_in_flight_is_answered(self):
        service = Service("--drain", "0s")
        body = json.dumps(review()).encode()
        sock = service.raw_tls()
        sock.sendall(b"POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body[:100])
        time.sleep(0.3)
        service.signal(signal.SIGTERM)
        service.wait_for_log("draining")
        time.sleep(0.5)
        sock.sendall(body[100:])
        self.assertTrue(sock.recv(4096).startswith(b"HTTP/1.1 200"))
        sock.close()
        begun = time.monotonic()
        self.assertEqual(service.stop(), 0)
        self.assertLess(time.monotonic() - begun, 5)

    def test_a_stalled_request_is_cut_off_at_most_ten_seconds_later(self):
        service = Service("--drain", "0s", "--request-timeout", "60s")
        sock = service.raw_tls()
        sock.sendall(b"POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 100\r\n\r\n{")
        time.sleep(0.3)
        begun = time.monotonic()
        self.assertEqual(service.stop(), 0)
        self.assertGreater(time.monotonic() - begun, 8)
        self.assertLess(time.monotonic() - begun, 14)
        sock.close()

    def test_a_second_signal_ends_it_at_once(self):
        service = Service("--drain", "60s")
        service.signal(signal.SIGTERM)
        service.wait_for_log("draining")
        begun = time.monotonic()
        service.signal(signal.SIGTERM)
        self.assertEqual(service.stop(), -signal.SIGTERM)
        self.assertLess(time.monotonic() - begun, 5)


class ClientCertificates(unittest.TestCase):
    def test_callers_must_present_a_certificate_that_the_ca_signed(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)

        def openssl(*words):
            subprocess.run(["openssl", *words], check=True, cwd=folder, capture_output=True)

        for ca in ("good", "evil"):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", ca + ".key", "-out", ca + ".crt", "-subj", "/CN=same name", "-days", "2")
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    ca + "-client.key", "-out", "client.csr", "-subj", "/CN=api")
            openssl("x509", "-req", "-in", "client.csr", "-CA", ca + ".crt", "-CAkey", ca + ".key",
                    "-CAcreateserial", "-out", ca + "-client.crt", "-days", "2")
        ca_file = os.path.join(folder, "ca.crt")
        shutil.copy(os.path.join(folder, "good.crt"), ca_file)
        service = Service("--client-ca", ca_file)

        def ask(client):
            context = service.context()
            if client:
                context.load_cert_chain(os.path.join(folder, client + "-client.crt"),
                                        os.path.join(folder, client + "-client.key"))
            connection = service.connect(context=context)
            try:
                return service.post(review(), connection=connection)
            finally:
                connection.close()

        self.addCleanup(service.stop)
        self.assertEqual(ask("good")[0], 200)
        status, _, answer = ask(None)
        self.assertEqual(status, 403)
        self.assertIn("no client certificate", answer["message"])
        status, _, answer = ask("evil")
        self.assertEqual(status, 403)
        self.assertIn("client certificate", answer["message"])
        shutil.copy(os.path.join(folder, "evil.crt"), ca_file)
        service.signal(signal.SIGHUP)
        service.wait_for_log("certificate loaded.*", 5)
        end = time.monotonic() + 5
        while ask("evil")[0] != 200 and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual((ask("evil")[0], ask("good")[0]), (200, 403))
        # A broken bundle stays out, and the serving pair is renewed all the same.
        with open(ca_file, "w", encoding="utf-8") as file:
            file.write("nothing\n")
        for name in ("tls.crt", "tls.key", "ca.crt", "ca.key"):
            os.remove(os.path.join(service.tls, name))
        before = service.metric('druid_bridge_reloads_total{what="certificate",result="done"}')
        Service.issue(service.tls)
        end = time.monotonic() + 15
        while (service.metric('druid_bridge_reloads_total{what="certificate",result="done"}') == before
               and time.monotonic() < end):
            time.sleep(0.1)
        self.assertEqual((ask("evil")[0], ask("good")[0]), (200, 403))
        self.assertIn("ca.crt", service.wait_for_log("certificate not reloaded"))


class CommandLine(unittest.TestCase):
    def run_program(self, *words):
        return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60, check=False)

    def test_usage_errors_say_what_is_wrong_and_exit_1(self):
        for words, text in (
                ((), "no object source: give --objects"),
                (("--objects", "x"), "no certificate: give --tls-dir"),
                (("--nonsense",), "--nonsense: there is no such option"),
                (("--config",), "--config: needs a value"),
                (("--drain", "soon"), "--drain: 'soon'"),
                (("--max-connections", "0"), "--max-connections: '0'"),
                (("--log-format", "xml"), "--log-format: 'xml' is none of text|json"),
                (("--objects", "x", "--tls-dir", "y", "z"), "z: there is no place"),
                (("--request-timeout", "1ms", "--objects", "x", "--tls-dir", "y"), "one second"),
                (("--issue-certs", "d"), "--issue-certs needs --dns-name")):
            result = self.run_program(*words)
            self.assertEqual(result.returncode, 1, words)
            self.assertIn(text, result.stderr)
            self.assertEqual(result.stdout, "")

    def test_too_little_memory_for_any_review_is_a_usage_error(self):
        result = subprocess.run([PROGRAM, "--objects", "x", "--tls-dir", "x", "--request-memory", "15Mi"],
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("--request-memory takes 16Mi or more", result.stderr)

    def test_help_and_version(self):
        result = self.run_program("--help")
        self.assertEqual(result.returncode, 0)
        for option in ("--config FILE", "--objects PATH", "--listen ADDR:PORT", "--tls-dir DIR",
                       "--client-ca FILE", "--client-name NAME", "--open-translate", "--drain DURATION", "--issue-certs DIR", "--dns-name NAME"):
            self.assertIn(option, result.stdout)
        self.assertLessEqual(max(map(len, result.stdout.splitlines())), 100)
        self.assertRegex(self.run_program("--version").stdout, r"^druid-bridge \d+\.\d+\.\d+\n$")

    def test_what_cannot_be_read_or_listened_on_is_said(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        tls = os.path.join(folder, "tls")
        Service.issue(tls)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            for words, text in (
                    (("--objects", folder + "/none", "--tls-dir", tls), folder + "/none"),
                    (("--objects", "tests/fixtures/patches/cluster.yaml", "--tls-dir", folder), "tls.crt"),
                    (("--objects", "tests/fixtures/patches/cluster.yaml", "--tls-dir", tls, "--config",
                      folder + "/no.yaml"), "no.yaml"),
                    (("--objects", "tests/fixtures/patches/cluster.yaml", "--tls-dir", tls, "--listen",
                      "nowhere"), "ADDR:PORT"),
                    (("--objects", "tests/fixtures/patches/cluster.yaml", "--tls-dir", tls, "--listen",
                      f"127.0.0.1:{port}"), "in use")):
                result = self.run_program(*words)
                self.assertEqual(result.returncode, 1, words)
                self.assertIn(text, result.stderr)

    def test_issued_certificates_are_never_overwritten(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        first = self.run_program("--issue-certs", folder, "--dns-name", "a.b.svc")
        self.assertEqual(first.returncode, 0)
        self.assertRegex(first.stdout, r"^[A-Za-z0-9+/=]+\n$")
        second = self.run_program("--issue-certs", folder, "--dns-name", "a.b.svc")
        self.assertEqual(second.returncode, 1)
        self.assertIn("exists", second.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""Who may call: client certificates, the names in them, and /translate."""
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import PROGRAM, Service, review  # noqa: E402

folder = None
CLIENTS = {"api": ("/CN=api", None), "kubelet": ("/O=system:nodes/CN=system:node:a", None),
           "server": ("/CN=x", "DNS:a.example,DNS:Api.Example"), "twice": ("/CN=api/CN=other", None),
           "long": ("/CN=" + "x" * 60, ",".join(f"DNS:{'y' * 60}.{i:03}.example" for i in range(100))),
           "forged": ("/CN=a\u001b[2J\u202e", None)}


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, cwd=folder, capture_output=True)


def setUpModule():
    global folder
    folder = tempfile.mkdtemp(prefix="druid-bridge-test.")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-utf8")
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=ca", "-days", "2")
    for name, (subject, alternatives) in CLIENTS.items():
        with open(os.path.join(folder, name + ".ext"), "w", encoding="utf-8") as file:
            file.write(f"subjectAltName={alternatives}\n" if alternatives else "basicConstraints=CA:FALSE\n")
        openssl("req", *new, "-keyout", name + ".key", "-out", name + ".csr", "-subj", subject)
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", name + ".ext", "-out", name + ".crt")


def tearDownModule():
    shutil.rmtree(folder)


def path_of(name):
    return os.path.join(folder, name)


class Callers(unittest.TestCase):
    def serve(self, *options, ca=True):
        service = Service(*(("--client-ca", path_of("ca.crt")) if ca else ()), "--drain", "0s", *options)
        self.addCleanup(service.stop)
        return service

    def ask(self, service, client=None, body=None, path="/mutate", version=None):
        context = service.context()
        if version:
            context.minimum_version = context.maximum_version = version
        if client:
            context.load_cert_chain(path_of(client + ".crt"), path_of(client + ".key"))
        connection = service.connect(context=context)
        self.addCleanup(connection.close)
        status, headers, answer = service.post(body or review(), path=path, connection=connection)
        if status != 200:
            self.assertEqual((status, answer["kind"], answer["code"]), (403, "Status", 403))
            self.assertEqual(headers["Connection"], "close")
            return answer["message"]
        return None

    def translate(self, service, client=None):
        return self.ask(service, client, stateful_set(), "/translate")


def stateful_set():
    return review()["request"]["object"]


class Names(Callers):
    def test_a_common_name_or_a_dns_name_is_asked_for_on_every_connection(self):
        service = self.serve("--client-name", "api", "--client-name", "api.example")
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            for _ in range(2):
                self.assertIsNone(self.ask(service, "api", version=version))
                self.assertIsNone(self.ask(service, "server", version=version))
                self.assertIn("--client-name", self.ask(service, "kubelet", version=version))

    def test_a_refusal_says_which_names_were_found_and_not_which_are_expected(self):
        service = self.serve("--client-name", "secret-name")
        self.assertEqual(self.ask(service, "kubelet"),
                         "the client certificate has none of the names given with --client-name; it has: "
                         "common name 'system:node:a'")
        self.assertTrue(self.ask(service, "server").endswith(
            "common name 'x', DNS name 'a.example', DNS name 'Api.Example'"))
        self.assertIn("more than one common name", self.ask(service, "twice"))
        self.assertIn("no client certificate", self.ask(service))

    def test_a_refused_caller_is_in_the_log_once_a_second(self):
        service = self.serve("--client-name", "api")
        for _ in range(10):
            self.ask(service, "kubelet")
        line = service.wait_for_log("caller refused")
        self.assertIn("common name 'system:node:a'", line)
        self.assertLess(service.log().count("caller refused"), 10)

    def test_names_in_a_refusal_are_escaped_and_bounded(self):
        service = self.serve("--client-name", "api")
        self.assertTrue(self.ask(service, "forged").endswith(r"'a\x1b[2J\xe2\x80\xae'"))
        message = self.ask(service, "long")
        self.assertTrue(message.endswith("and more"))
        self.assertLess(len(message), 1000)

    def test_a_refused_caller_is_refused_on_every_path(self):
        service = self.serve("--client-name", "api")
        for path in ("/mutate", "/translate", "/nowhere"):
            self.assertIn("--client-name", self.ask(service, "kubelet", path=path))

    def test_without_names_any_certificate_of_the_ca_may_call_and_the_log_warns(self):
        service = self.serve()
        self.assertIsNone(self.ask(service, "kubelet"))
        self.assertIn("--client-name", service.wait_for_log("level=warning.*client"))

    def test_with_names_or_without_a_ca_nothing_is_warned_of(self):
        for service in (self.serve("--client-name", "api"), self.serve(ca=False)):
            self.assertNotIn("client-name", service.log())

    def test_usage_errors(self):
        for words, text in ((("--client-name", "api"), "--client-name needs --client-ca"),
                            (("--client-ca", "x", "--client-name", ""), "--client-name: ''"),
                            (("--client-ca", "x", "--client-name", "*.example"), "--client-name: '*.example'")):
            done = subprocess.run([PROGRAM, "--objects", "x", "--tls-dir", "y", *words], capture_output=True, text=True,
                                  timeout=60, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(text, done.stderr)


class Translate(Callers):
    def test_without_a_client_ca_it_is_closed_and_says_how_to_open_it(self):
        service = self.serve(ca=False)
        message = self.translate(service)
        self.assertIn("--client-ca", message)
        self.assertIn("--open-translate", message)
        self.assertIsNone(self.ask(service))

    def test_open_translate_opens_it(self):
        self.assertIsNone(self.translate(self.serve("--open-translate", ca=False)))

    def test_a_caller_with_a_certificate_may_translate(self):
        service = self.serve("--client-name", "api")
        self.assertIsNone(self.translate(service, "api"))
        self.assertIn("no client certificate", self.translate(service))
        self.assertIn("--client-name", self.translate(service, "kubelet"))

    def test_open_translate_opens_nothing_else(self):
        service = self.serve("--client-name", "api", "--open-translate")
        for client in (None, "kubelet", "api"):
            self.assertIsNone(self.translate(service, client))
        self.assertIn("no client certificate", self.ask(service))
        self.assertIn("--client-name", self.ask(service, "kubelet"))

    def test_what_was_opened_for_translate_stays_closed_for_the_rest_of_the_connection(self):
        service = self.serve("--client-name", "api", "--open-translate")
        connection = service.connect()
        self.addCleanup(connection.close)
        self.assertEqual(service.post(stateful_set(), path="/translate", connection=connection)[0], 200)
        self.assertEqual(service.post(review(), connection=connection)[0], 403)


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""The server under valgrind: good and bad requests, reloads, an orderly end; no error, nothing leaked."""
import os
import shutil
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import Service, review, sanitized  # noqa: E402

VALGRIND = ("valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect,possible", "--show-leak-kinds=all")


@unittest.skipIf(sanitized(), "the sanitizers see to it, and valgrind does not run what they instrument")
@unittest.skipUnless(shutil.which("valgrind"), "there is no valgrind")
class Valgrind(unittest.TestCase):
    def test_a_life_without_errors_and_leaks(self):
        service = Service("--request-timeout", "60s", wrapper=VALGRIND)
        connection = service.connect(timeout=60)
        for operation in ("CREATE", "UPDATE"):
            for name in ("etcd-main", "etcd-events", "prometheus"):
                status = service.post(review(name, operation), connection=connection)[0]
                self.assertEqual(status, 200)
        self.assertEqual(service.post(b"{", connection=connection)[0], 400)
        self.assertEqual(service.post(b"{}", path="/nowhere", connection=connection)[0], 404)
        self.assertEqual(service.post(b" " * (7 * 1024 * 1024 + 1))[0], 413)
        broken = review()
        broken["request"]["object"]["spec"]["template"]["spec"]["containers"] = {}
        self.assertEqual(service.post(broken)[0], 200)
        unfinished = service.raw_tls(timeout=60)
        unfinished.sendall(b"POST /mutate HTTP/1.1\r\nContent-Type: application/json\r\n"
                           b"Content-Length: 100\r\n\r\n{")
        unfinished.close()
        service.signal(signal.SIGHUP)
        service.wait_for_log("objects reloaded")
        service.write("config.yaml", "kind: [")
        service.signal(signal.SIGHUP)
        service.wait_for_log("not reloaded")
        for name in ("tls.crt", "tls.key", "ca.crt", "ca.key"):
            os.remove(os.path.join(service.tls, name))
        Service.issue(service.tls)
        end = time.monotonic() + 30
        while service.log().count("certificate loaded") < 2 and time.monotonic() < end:
            time.sleep(0.1)
        self.assertGreaterEqual(service.log().count("certificate loaded"), 2)
        self.assertEqual(service.operations("/metrics")[0], 200)
        self.assertEqual(service.operations("/readyz")[0], 200)
        connection.close()
        log_path = service.log_path
        with open(log_path, encoding="utf-8") as log:
            status = service.stop(120)
            self.assertEqual(status, 0, log.read())


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""A drain loses no request of clients that obey "Connection: close" and reconnect while they can."""
import os
import signal
import ssl
import http.client
import json
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import Service, review  # noqa: E402

DRAINS, REQUESTS, CLIENTS = 20, 5000, 4
BODY = json.dumps(review(operation="UPDATE"))


class Client(threading.Thread):
    """Asks until nobody listens any more. A connection that was made counts: what becomes of it then is
    the server's doing."""

    def __init__(self, service, context):
        super().__init__()
        self.service, self.context = service, context
        self.answered, self.closed, self.failures = 0, 0, []

    def connect(self):
        """NULL: nobody listens."""
        connection = http.client.HTTPSConnection("localhost", self.service.port, timeout=20, context=self.context)
        try:
            connection.connect()
        except ConnectionRefusedError:
            return None
        return connection

    def ask(self, connection):
        """Whether the connection may be used again."""
        connection.request("POST", "/mutate?timeout=10s", BODY, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise ValueError(answer.status)
        self.answered += 1
        return answer.headers["Connection"] != "close"

    def run(self):
        while True:
            try:
                connection = self.connect()
                if not connection:
                    return
                while self.ask(connection):
                    pass
                self.closed += 1
                connection.close()
            except (OSError, ValueError, http.client.HTTPException, ssl.SSLError) as failure:
                self.failures.append(repr(failure))


class Drain(unittest.TestCase):
    def drain_once(self, wanted):
        service = Service("--drain", "300ms")
        context = service.context()
        clients = [Client(service, context) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        end = time.monotonic() + 60
        while sum(client.answered for client in clients) < wanted:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        service.signal(signal.SIGTERM)
        for client in clients:
            client.join(60)
        self.assertEqual(service.stop(), 0)
        return clients

    def test_no_request_is_lost_over_many_drains(self):
        clients = [client for _ in range(DRAINS) for client in self.drain_once(REQUESTS // DRAINS)]
        answered, closed = sum(c.answered for c in clients), sum(c.closed for c in clients)
        failures = [failure for client in clients for failure in client.failures]
        print(f"{DRAINS} drains: {answered} requests answered, {closed} of them with Connection: close, "
              f"{len(failures)} failed")
        self.assertEqual(failures, [])
        self.assertGreaterEqual(answered, REQUESTS)
        self.assertGreater(closed, DRAINS)


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: Apache-2.0
"""Something that listens, for probes that want no more."""
import socket
import threading


class Listener(threading.Thread):
    """Accepts on one address and port until it falls."""

    def __init__(self, address, port):
        super().__init__(daemon=True)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.create_server((address, port), family=family, backlog=1024)
        self.start()

    def run(self):
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return

    def fall(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

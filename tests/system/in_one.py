# SPDX-License-Identifier: Apache-2.0
"""`windrose up` with policy.yaml of the rig's folder, and questions to it."""
import json

from rig import until


class InOne:
    def __init__(self, rig):
        self.rig, self.port, self.socket = rig, rig.port(), rig.path("up.sock")
        rig.start("up", rig.program("windrose"), "up", rig.path("policy.yaml"), "--workers", "1",
                  "--listen", f"127.0.0.1:{self.port}", "--control", self.socket)

    def windrose(self, *argv, check=True):
        return self.rig.run(self.rig.program("windrose"), *argv, "--node", self.socket, check=check)

    def status(self):
        def told():
            status, out, _ = self.windrose("status", "--json", check=False)
            return json.loads(out) if status == 0 else None
        return until("the status is told", 20, told)[0]

    def lines(self, *words):
        """Those of its log that have all these words."""
        with open(self.rig.path("up.log"), encoding="utf-8") as f:
            return [line for line in f if all(w in line for w in words)]

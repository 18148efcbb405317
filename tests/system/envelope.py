# SPDX-License-Identifier: Apache-2.0
"""envelope -- plans as another program would sign and publish them: what
openssl(1) makes of a key and a text, put into Redis as the leader does."""

import base64
import json

from bus_faults import key, redis


def key_id(rig, pub):
    """The first 16 hex digits of the SHA-256 of the raw public key."""
    der = rig.path("public.der")
    rig.run("openssl", "pkey", "-pubin", "-in", pub, "-outform", "DER", "-out", der)
    return rig.run("sh", "-c", f"tail -c 32 '{der}' | sha256sum")[1][:16]


def sealed(rig, private, pub, payload, kind="plan"):
    """The envelope of a text."""
    text, signature = rig.path("payload"), rig.path("signature")
    with open(text, "wb") as f:
        f.write(f"windrose {kind}\n{payload}".encode())
    rig.run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", private, "-in", text, "-out", signature)
    with open(signature, "rb") as f:
        return f"wr1 {key_id(rig, pub)} {base64.b64encode(f.read()).decode()}\n{payload}"


def publish(f, private, pub, plan):
    """Puts a plan there and tells of it, whoever leads."""
    redis(f, "set", key("plan"), sealed(f.rig, private, pub, json.dumps(plan)))
    redis(f, "publish", key("notify:plan"), redis(f, "incr", key("notices:plan")))

# SPDX-License-Identifier: Apache-2.0
"""world -- what every server of the benchmark serves: one zone, 10,000 static
names, one steered name with six regions, each two endpoints; signed, too.

By hand: world.py DIR [--signed], with WINDROSE_GEO_V4 and WINDROSE_GEO_V6 or
else the small world of contrib/geo; writes DIR/policy and DIR/subnets.
"""

import os
import shutil
import subprocess
import sys

SRC = os.environ.get("SRCDIR", os.path.abspath(os.path.join(os.path.dirname(__file__), "../..")))
BUILD = os.environ.get("BUILDDIR", os.path.join(SRC, "build"))

ZONE = "gslb.example.com"
HOSTS = 10000

# Region: (latitude, longitude, jurisdiction, addresses of its two endpoints).
REGIONS = {
    "us-east": (38.95, -77.45, "us", ("192.0.2.1", "192.0.2.2")),
    "us-west": (45.60, -121.18, "us", ("192.0.2.5", "192.0.2.6")),
    "eu-west": (53.35, -6.26, "eu", ("192.0.2.9", "192.0.2.10")),
    "eu-central": (50.11, 8.68, "eu", ("192.0.2.13", "192.0.2.14")),
    "ap-east": (1.35, 103.82, "sg", ("192.0.2.17", "192.0.2.18")),
    "sa-east": (-23.55, -46.63, "br", ("192.0.2.21", "192.0.2.22")),
}


def host_address(i):
    """What the i-th static name has."""
    return f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"


def zone_records():
    """Lines of a master file: everything but the steered name and the SOA."""
    yield "@ 3600 IN NS ns1\n@ 3600 IN NS ns2\n"
    yield "ns1 3600 IN A 192.0.2.53\nns2 3600 IN A 198.51.100.53\n"
    for i in range(HOSTS):
        yield f"host-{i:06} 300 IN A {host_address(i)}\n"


def policy_text(databases, signed, steer):
    lines = ["zone:", f"  name: {ZONE}", "  nameservers: [ns1." + ZONE + ", ns2." + ZONE + "]",
             "  records: static.zone"]
    if signed:
        lines.append("  dnssec: {keys: keys}")
    lines += ["geo:", "  databases: [" + ", ".join(databases) + "]",
              "vantages:", "  here: {location: [50.11, 8.68]}",
              "checks:", "  web: {type: http, path: /healthz, quorum: 1}",
              "residency:", "  gdpr: {clients: eea, within: [eu]}", "regions:"]
    for name, (latitude, longitude, law, _) in REGIONS.items():
        lines.append(f"  {name}: {{location: [{latitude}, {longitude}], jurisdictions: [{law}]}}")
    lines += ["services:", "  www:", f"    steer: {steer}", "    check: web", "    endpoints:"]
    for name, (_, _, _, addresses) in REGIONS.items():
        for i, address in enumerate(addresses):
            lines.append(f"      {name}-{i}: {{region: {name}, A: {address}}}")
    return "\n".join(lines) + "\n"


def databases_of(folder):
    """The real city databases' paths, or a small world made in folder."""
    named = [os.environ.get("WINDROSE_GEO_V4"), os.environ.get("WINDROSE_GEO_V6")]
    if all(named):
        return [os.path.abspath(path) for path in named]
    made = []
    for family in ("v4", "v6"):
        made.append(os.path.join(folder, f"small-{family}.mmdb"))
        subprocess.run([os.path.join(SRC, "contrib/geo/make-mmdb"), "--schema", "flat", "--" + family,
                        os.path.join(SRC, "contrib/geo/small.txt"), made[-1]], check=True)
    return made


def write_policy(folder, databases, signed=False, steer="geo"):
    """A policy in folder, which is made anew; with keys when it is signed."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with open(os.path.join(folder, "static.zone"), "w") as f:
        f.writelines(zone_records())
    with open(os.path.join(folder, "windrose.yaml"), "w") as f:
        f.write(policy_text(databases, signed, steer))
    if signed:
        os.makedirs(os.path.join(folder, "keys"))
        subprocess.run([os.path.join(BUILD, "windrose"), "keygen", ZONE, "--keys", os.path.join(folder, "keys")],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def write_subnets(path, databases, count=100000):
    """Client subnets over the networks of the databases."""
    with open(path, "w") as f:
        subprocess.run([os.path.join(BUILD, "tests/bench/bench_subnets"), "--count", str(count), *databases],
                       check=True, stdout=f, stderr=subprocess.DEVNULL)


def main(folder, *options):
    os.makedirs(folder, exist_ok=True)
    databases = databases_of(folder)
    write_policy(os.path.join(folder, "policy"), databases, signed="--signed" in options)
    write_subnets(os.path.join(folder, "subnets"), databases)


if __name__ == "__main__":
    main(*sys.argv[1:])

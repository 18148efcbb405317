# SPDX-License-Identifier: Apache-2.0
"""peers -- each server of the benchmark: its configuration for the same zone,
how it is started, what it can do.  One worker, no log of queries, the largest
socket buffer it can be told to ask for; everything else as it comes.
"""

import glob
import os
import shutil
import subprocess

import world

STATIC = ("static", "nxdomain")
PLAIN = ("static-plain", "nxdomain-plain")  # without EDNS; timed when asked for by name
STEERED = ("steered-v4", "steered-v6", "steered-no-ecs")
SIGNED = ("signed-static", "signed-nxdomain")
SIGNED_STEERED = ("signed-steered",)

# Which region a peer that knows continents and countries alone sends whom to.
BY_CONTINENT = {"NA": "us-east", "SA": "sa-east", "EU": "eu-central", "AF": "eu-west", "AS": "ap-east", "OC": "ap-east"}
BY_COUNTRY = {("EU", "GB"): "eu-west", ("EU", "IE"): "eu-west", ("EU", "FR"): "eu-west", ("EU", "ES"): "eu-west",
              ("EU", "PT"): "eu-west"}


def first_address(region):
    return world.REGIONS[region][3][0]


def master_file():
    """The zone without its steered name, as NSD, BIND, Knot and gdnsd read it."""
    yield "$ORIGIN " + world.ZONE + ".\n"
    yield "@ 3600 IN SOA ns1 hostmaster.example.com. 1 3600 900 604800 30\n"
    yield from world.zone_records()


class Server:
    """One server: subclasses say how.  workers is how many threads answer."""

    name = ""
    program = ""
    works = ()
    forks = False  # who answers is a child
    patience = 32  # queries under way on a lane when it runs fifty times slower

    def __init__(self, folder, port, address="127.0.0.1"):
        self.folder, self.port, self.address, self.workers = folder, port, address, 1
        self.iface = None
        os.makedirs(folder, exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as f:
            f.writelines([text] if isinstance(text, str) else text)
        return self.path(name)

    @classmethod
    def installed(cls):
        return shutil.which(cls.program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

    def prepare(self, geo, signed):
        """Writes what argv() needs; geo is a nested database or a list of any."""

    def argv(self):
        raise NotImplementedError


class Windrose(Server):
    name = "windrose"
    program = "windrose-dns"
    works = STATIC + PLAIN + STEERED + SIGNED + SIGNED_STEERED

    @classmethod
    def installed(cls):
        return os.path.join(world.BUILD, "windrose-dns")

    def prepare(self, geo, signed):
        databases = [geo] if isinstance(geo, str) else geo
        world.write_policy(self.path("policy"), databases, signed)

    def prepare_by_country(self, geo):
        """For a database that does not know where clients are, but in which country."""
        world.write_policy(self.path("policy"), [geo], steer="weighted")

    def argv(self):
        return [self.installed(), "--policy", self.path("policy"), "--listen", f"{self.address}:{self.port}",
                "--workers", str(self.workers), "--log", "error",
                *(["--xdp", self.iface] if self.iface else [])]


class Echo(Server):
    """The floor: no DNS.  answer_octets is how much it sends back."""

    name = "udp-echo"
    works = STATIC + PLAIN + STEERED + SIGNED + SIGNED_STEERED
    answer_octets = 0

    @classmethod
    def installed(cls):
        return os.path.join(world.BUILD, "tests/bench/bench_udp_echo")

    def argv(self):
        octets = ["--answer-octets", str(self.answer_octets)] if self.answer_octets else []
        return [self.installed(), "--address", self.address, "--port", str(self.port),
                "--workers", str(self.workers), *octets]


class Gdnsd(Server):
    name = "gdnsd"
    program = "gdnsd"
    works = STATIC + PLAIN + STEERED

    def prepare(self, geo, signed):
        coordinates = "\n".join(f"        {name} => [{r[0]}, {r[1]}]" for name, r in world.REGIONS.items())
        addresses = "\n".join(f"        {name} => {first_address(name)}" for name in world.REGIONS)
        by_place = f"auto_dc_coords => {{\n{coordinates}\n      }}"
        if "country" in os.path.basename(geo):  # places need a city database
            continents = "\n".join(f"        {c} => [{r}]" for c, r in BY_CONTINENT.items())
            by_place = f"map => {{\n{continents}\n      }}"
        self.write("config/config", f"""
options => {{
  listen => "{self.address}:{self.port}"
  udp_threads => {self.workers}, tcp_threads => 1, udp_rcvbuf => 1048576
  run_dir => {self.path("run")}, state_dir => {self.path("state")}
}}
service_types => {{ }}
plugins => {{ geoip => {{
  maps => {{ world => {{
      geoip2_db => {geo}
      datacenters => [{", ".join(world.REGIONS)}]
      {by_place}
  }} }}
  resources => {{ www => {{ map => world, service_types => up, dcmap => {{
{addresses}
  }} }} }}
}} }}
""")
        for folder in ("run", "state"):
            os.makedirs(self.path(folder), exist_ok=True)
        self.write(f"config/zones/{world.ZONE}", [*master_file(), "www 60 IN DYNA geoip!www\n"])

    def argv(self):
        return [self.installed(), "-c", self.path("config"), "start"]


class Knot(Server):
    name = "knot"
    program = "knotd"
    works = STATIC + PLAIN + STEERED + SIGNED

    def prepare(self, geo, signed):
        os.makedirs(self.path("db"), exist_ok=True)
        places = [("*;*", "us-east")]
        places += [(f"{continent};*", region) for continent, region in BY_CONTINENT.items()]
        places += [(f"{continent};{country}", region) for (continent, country), region in BY_COUNTRY.items()]
        self.write("geo.conf", [f"www.{world.ZONE}:\n"] + [
            f'  - geo: "{place}"\n    A: {first_address(region)}\n' for place, region in places])
        # The record is for clients that are nowhere, of whom the module says nothing.
        self.write("zone", [*master_file(), f"www 60 IN A {first_address('us-east')}\n"])
        if signed:
            sign(self.folder, "zone")
        listen = f"    listen: {self.address}@{self.port}\n"
        xdp = f"xdp:\n    listen: {self.iface}@{self.port}\n" if self.iface else ""
        self.write("knot.conf", f"""
server:
{listen}    rundir: {self.path("")}
    udp-workers: {self.workers}
    tcp-workers: 1
    background-workers: 1
    edns-client-subnet: on
{xdp}log:
  - target: stderr
    any: error
database:
    storage: {self.path("db")}
mod-geoip:
  - id: world
    config-file: {self.path("geo.conf")}
    ttl: 60
    mode: geodb
    geodb-file: {geo}
    geodb-key: [continent/code, country/iso_code]
zone:
  - domain: {world.ZONE}
    file: {self.path("zone")}
    semantic-checks: off
    zonefile-load: whole
    {"" if signed else "module: mod-geoip/world"}
""")

    def argv(self):
        return [self.installed(), "-c", self.path("knot.conf")]


class PowerDns(Server):
    name = "pdns"
    patience = 1  # what waits too long in its queue it drops
    program = "pdns_server"
    works = STATIC + PLAIN + STEERED

    def prepare(self, geo, signed):
        records = [f"  - domain: {world.ZONE}\n    ttl: 300\n    records:\n      {world.ZONE}:\n",
                   f"        - soa: ns1.{world.ZONE} hostmaster.example.com 1 3600 900 604800 30\n",
                   f"        - ns: ns1.{world.ZONE}\n        - ns: ns2.{world.ZONE}\n"]
        for i in range(world.HOSTS):
            records.append(f"      host-{i:06}.{world.ZONE}: [a: {world.host_address(i)}]\n")
        places = {country.lower(): region for (_, country), region in BY_COUNTRY.items()}
        places.update((continent.lower(), region) for continent, region in BY_CONTINENT.items())
        places["default"] = "us-east"
        for place, region in places.items():
            records.append(f"      {place}.map.{world.ZONE}: [a: {first_address(region)}]\n")
        records.append("    services:\n")
        targets = [f"'{word}.map.{world.ZONE}'" for word in ("%cc", "%cn", "default")]
        records.append(f"      www.{world.ZONE}: [{', '.join(targets)}]\n")
        self.write("zones.yaml", ["domains:\n", *records])
        self.write("pdns.conf", f"""
launch=geoip
geoip-zones-file={self.path("zones.yaml")}
geoip-database-files=mmdb:{geo}
edns-subnet-processing=yes
local-address={self.address}
local-port={self.port}
receiver-threads={self.workers}
distributor-threads=1
udp-truncation-threshold=1232
socket-dir={self.folder}
disable-syslog=yes
log-timestamp=no
loglevel=0
guardian=no
daemon=no
""")

    def argv(self):
        return [self.installed(), "--config-dir=" + self.folder]


class Nsd(Server):
    name = "nsd"
    program = "nsd"
    forks = True
    works = STATIC + PLAIN + SIGNED

    def prepare(self, geo, signed):
        self.write("zone", master_file())
        if signed:
            sign(self.folder, "zone")
        self.write("nsd.conf", f"""
server:
  ip-address: {self.address}@{self.port}
  server-count: {self.workers}
  username: ""
  zonesdir: "{self.folder}"
  database: ""
  pidfile: "{self.path("nsd.pid")}"
  zonelistfile: "{self.path("zone.list")}"
  xfrdfile: "{self.path("xfrd.state")}"
  xfrdir: "{self.folder}"
  receive-buffer-size: 4194304
  send-buffer-size: 4194304
  rrl-ratelimit: 0
  minimal-responses: yes
  verbosity: 0
remote-control:
  control-enable: no
zone:
  name: {world.ZONE}
  zonefile: zone
""")

    def argv(self):
        return [self.installed(), "-d", "-c", self.path("nsd.conf")]


class Bind(Server):
    name = "bind"
    patience = 1
    program = "named"
    works = STATIC + PLAIN + SIGNED

    def prepare(self, geo, signed):
        self.write("zone", master_file())
        if signed:
            sign(self.folder, "zone")
        self.write("named.conf", f"""
options {{
  directory "{self.folder}"; pid-file none; session-keyfile none; managed-keys-directory "{self.folder}";
  listen-on port {self.port} {{ {self.address}; }}; listen-on-v6 {{ none; }};
  recursion no; minimal-responses yes; dnssec-validation no; querylog no; notify no; edns-udp-size 1232;
}};
controls {{ }};
logging {{ category default {{ null; }}; category unmatched {{ null; }}; }};
zone "{world.ZONE}" {{ type primary; file "zone"; }};
""")

    def argv(self):
        return [self.installed(), "-f", "-n", str(self.workers), "-c", self.path("named.conf")]


def sign(folder, name):
    """Signs a master file in place, as dnssec-signzone does by default: NSEC, ECDSA P-256."""
    keys = os.path.join(folder, "keys")
    shutil.rmtree(keys, ignore_errors=True)
    os.makedirs(keys)
    subprocess.run([os.path.join(world.BUILD, "windrose"), "keygen", world.ZONE, "--keys", keys],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path = os.path.join(folder, name)
    with open(path, "a") as f:
        for key in glob.glob(os.path.join(keys, "*.key")):
            f.write(f"$INCLUDE {key}\n")
    subprocess.run(["dnssec-signzone", "-P", "-z", "-K", keys, "-d", folder, "-o", world.ZONE, "-f", path + ".signed", path],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.replace(path + ".signed", path)


ALL = (Windrose, Echo, Gdnsd, Knot, PowerDns, Nsd, Bind)

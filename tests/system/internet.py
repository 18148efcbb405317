# SPDX-License-Identifier: Apache-2.0
"""internet -- a small internet in network namespaces, for system tests.

A router and hosts behind it, each in a namespace of its own with real-looking
addresses; a signed root and a signed TLD on knotd; two windrose-dns to which
gslb.example is delegated with DS records; unbound and named as validating
resolvers that know only the root.  All of it ends with the Rig.

  root, example.   198.41.0.4, 192.5.6.30      knotd
  gslb.example.    45.83.1.53, 103.1.2.53      windrose-dns, two of them
  resolvers        81.2.69.10 (London)         unbound, named

All of these have an IPv6 address as well, and use both.
"""

import ctypes
import os
import threading

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.reversename

from rig import Failed, Rig, Skipped, until

ROOT, TLD = "198.41.0.4", "192.5.6.30"
NS1, NS2 = "45.83.1.53", "103.1.2.53"
UNBOUND, NAMED, CHECKER = "81.2.69.10", "81.2.69.11", "193.0.14.1"
SIX = {  # the IPv6 address beside the IPv4 one
    ROOT: "2001:503:ba3e::2:30", TLD: "2001:503:a83e::2:30", NS1: "2a0c:8fc0::53", NS2: "2403:f000::53",
    UNBOUND: "2a02:c7f::10", NAMED: "2a02:c7f::11", CHECKER: "2001:7fd::1",
}
ZONE = "gslb.example"
CLONE_NEWNET = 0x40000000
NETNS = "/run/netns/"

# A client of each region: its address and the one that region's endpoint has.
CLIENTS = {
    "london": ("81.2.69.142", "192.0.2.2"),
    "singapore": ("116.86.7.9", "192.0.2.3"),
    "new-york": ("66.108.1.85", "192.0.2.1"),
}

POLICY = """
zone:
  name: gslb.example
  nameservers: [ns1.gslb.example, ns2.gslb.example]
  contact: hostmaster@gslb.example
  negative_ttl: TTLs
  ttl: TTLs
  records: gslb.zone
  dnssec: {keys: keys}
geo:
  databases: [city-ipv4.mmdb, city-ipv6.mmdb]
regions:
  us-east: {location: [38.95, -77.45]}
  eu-west: {location: [53.35, -6.26]}
  ap-southeast: {location: [1.29, 103.85]}
services:
  www:
    steer: geo
    ttl: {steady: TTLs, changing: 2s, jitter: 0%}
    endpoints:
      us-east: {A: 192.0.2.1, AAAA: "2001:db8::1"}
      eu-west: {A: 192.0.2.2, AAAA: "2001:db8::2"}
      ap-southeast: {A: 192.0.2.3, AAAA: "2001:db8::3"}
  "@":
    steer: geo
    ttl: {steady: TTLs, changing: 2s, jitter: 0%}
    endpoints:
      us-east: {A: 192.0.2.1}
      eu-west: {A: 192.0.2.2}
      ap-southeast: {A: 192.0.2.3}
  "*.app":
    steer: geo
    ttl: {steady: TTLs, changing: 2s, jitter: 0%}
    endpoints:
      us-east: {A: 192.0.2.1}
      eu-west: {A: 192.0.2.2}
      ap-southeast: {A: 192.0.2.3}
  two:
    steer: weighted
    ttl: {steady: TTLs, changing: 2s, jitter: 0%}
    answers: 2
    endpoints:
      us-east: {A: 192.0.2.1}
      eu-west: {A: 192.0.2.2}
      ap-southeast: {A: 192.0.2.3}
  v4:
    steer: geo
    ttl: {steady: TTLs, changing: 2s, jitter: 0%}
    endpoints:
      us-east: {A: 192.0.2.1}
      eu-west: {A: 192.0.2.2, AAAA: "2001:db8::2"}
      ap-southeast: {A: 192.0.2.3}
"""

RECORDS = """$TTL TTL
ns1 A 45.83.1.53
ns1 AAAA 2a0c:8fc0::53
ns2 A 103.1.2.53
ns2 AAAA 2403:f000::53
static A 192.0.2.80
alias CNAME www
away CNAME static.gslb.example.
*.wild TXT "any"
a.b.ent TXT "below two empty names"
sub NS ns.sub
ns.sub A 192.0.2.81
old DNAME app
@ MX 10 static
@ TXT "v=spf1 -all"
"""

KNOT = """
server:
    rundir: "{dir}"
    listen: [ "{root}@53", "{tld}@53", "{root6}@53", "{tld6}@53" ]
    pidfile: "{dir}/knot.pid"
control:
    listen: "{dir}/knot.sock"
log:
  - target: stderr
    any: info
database:
    storage: "{dir}/knot-db"
policy:
  - id: csk
    algorithm: ecdsap256sha256
    single-type-signing: on
    cds-cdnskey-publish: none
    dnskey-ttl: {ttl}
template:
  - id: default
    storage: "{dir}"
    dnssec-signing: on
    dnssec-policy: csk
    zonefile-sync: -1
    journal-content: changes
zone:
  - domain: "."
    file: root.zone
  - domain: "example."
    file: example.zone
"""

ROOT_ZONE = """$TTL {ttl}
. SOA a.root. hostmaster.root. 1 1800 900 604800 {ttl}
. NS a.root.
a.root. A {root}
a.root. AAAA {root6}
example. NS a.nic.example.
a.nic.example. A {tld}
a.nic.example. AAAA {tld6}
53.1.83.45.in-addr.arpa. PTR ns1.gslb.example.
53.2.1.103.in-addr.arpa. PTR ns2.gslb.example.
{ptr1} PTR ns1.gslb.example.
{ptr2} PTR ns2.gslb.example.
"""

TLD_ZONE = """$TTL {ttl}
example. SOA a.nic.example. hostmaster.example. 1 1800 900 604800 {ttl}
example. NS a.nic.example.
a.nic.example. A {tld}
a.nic.example. AAAA {tld6}
gslb.example. NS ns1.gslb.example.
gslb.example. NS ns2.gslb.example.
ns1.gslb.example. A {ns1}
ns1.gslb.example. AAAA {ns16}
ns2.gslb.example. A {ns2}
ns2.gslb.example. AAAA {ns26}
"""

UNBOUND_CONF = """
server:
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{dir}"
  pidfile: ""
  use-syslog: no
  interface: {address}
  port: 53
  access-control: 0.0.0.0/0 allow
  root-hints: "{dir}/hints"
  trust-anchor-file: "{dir}/anchor"
  module-config: "subnetcache validator iterator"
  send-client-subnet: {ns1}
  send-client-subnet: {ns2}
  send-client-subnet: {ns16}
  send-client-subnet: {ns26}
  max-client-subnet-ipv4: 24
  client-subnet-always-forward: yes
  minimal-responses: no
  val-log-level: 2
  {more}
remote-control:
  control-enable: yes
  control-interface: {dir}/unbound.sock
  control-use-cert: no
"""

NAMED_CONF = """
options {{
  directory "{dir}";
  pid-file none;
  session-keyfile none;
  listen-on port 53 {{ {address}; }};
  listen-on-v6 {{ none; }};
  allow-query {{ any; }};
  allow-recursion {{ any; }};
  recursion yes;
  dnssec-validation yes;
  {more}
}};
controls {{ }};
zone "." {{ type hint; file "{dir}/hints"; }};
trust-anchors {{ . static-ds {ds}; }};
"""


def inside(namespace):
    """What to put before a command.  ip netns exec would want a mount
    namespace as well, which a chroot cannot have."""
    return "nsenter", "--net=" + NETNS + namespace


class Internet(Rig):
    """The hosts of it, and what runs on them."""

    def __enter__(self):
        super().__enter__()
        self.prefix = f"wr{os.getpid()}"
        self.hosts = []
        for argv in (("ip", "netns", "add", self.prefix),
                     (*inside(self.prefix), "sysctl", "-qw", "net.ipv4.ip_forward=1",
                      "net.ipv4.conf.all.rp_filter=0", "net.ipv6.conf.all.forwarding=1")):
            status, _, error = self.run(*argv, check=False)
            if status != 0:
                self.__exit__(None, None, None)
                raise Skipped(f"no network namespaces here, run it as root: {error.strip()}")
        return self

    def __exit__(self, kind, value, trace):
        for name in list(self.running):
            self.stop(name, quiet=True)
        for host in self.hosts + [""]:
            self.run("ip", "netns", "del", self.prefix + host, check=False)
        super().__exit__(kind, value, trace)

    def within(self, namespace, *argv):
        return self.run(*inside(namespace), *argv)

    def host(self, name, *addresses):
        """A host with these IPv4 addresses, of which the first is its own, and
        the IPv6 ones beside them."""
        ns, link = self.prefix + name, f"v{len(self.hosts)}"
        self.hosts.append(name)
        self.run("ip", "netns", "add", ns)
        self.within(self.prefix, "ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", ns)
        self.within(self.prefix, "ip", "addr", "add", "169.254.0.1/32", "dev", link)
        self.within(self.prefix, "ip", "link", "set", link, "up")
        self.within(ns, "ip", "link", "set", "lo", "up")
        self.within(ns, "ip", "link", "set", "eth0", "up")
        for address in addresses:
            self.within(ns, "ip", "addr", "add", address + "/32", "dev", "eth0")
            self.within(self.prefix, "ip", "route", "add", address + "/32", "dev", link)
        self.within(self.prefix, "ip", "addr", "add", "fe80::1/64", "dev", link, "nodad")
        sixes = [SIX[a] for a in addresses if a in SIX]
        for six in sixes:
            self.within(ns, "ip", "addr", "add", six + "/128", "dev", "eth0", "nodad")
            self.within(self.prefix, "ip", "route", "add", six + "/128", "dev", link)
        if sixes:
            self.within(ns, "ip", "route", "add", "default", "via", "fe80::1", "dev", "eth0", "src", sixes[0])
        self.within(ns, "ip", "route", "add", "169.254.0.1", "dev", "eth0", "scope", "link")
        self.within(ns, "ip", "route", "add", "default", "via", "169.254.0.1", "src", addresses[0])

    def start_on(self, host, name, *argv):
        return self.start(name, *inside(self.prefix + host), *argv)

    def run_on(self, host, *argv, check=True):
        return self.run(*inside(self.prefix + host), *argv, check=check)

    def inside(self, host, call):
        """call() with the sockets of host: a thread that has moved there."""
        result = []

        def body():
            libc = ctypes.CDLL(None, use_errno=True)
            with open(NETNS + self.prefix + host) as f:
                if libc.setns(f.fileno(), CLONE_NEWNET) != 0:
                    result.append(OSError(ctypes.get_errno(), "setns"))
                    return
            try:
                result.append(call())
            except Exception as e:  # handed over, whatever it is
                result.append(e)

        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        if isinstance(result[0], Exception):
            raise result[0]
        return result[0]

    def ask_from(self, host, server, name, rdtype="A", timeout=2.0, dnssec=True):
        """A question with AD (and DO) set, from host to server."""
        q = dns.message.make_query(name, rdtype, use_edns=0, want_dnssec=dnssec, payload=1232)
        q.flags |= dns.flags.AD
        return self.inside(host, lambda: dns.query.udp_with_fallback(q, server, timeout=timeout)[0])

    # The parts.

    def registry(self, ttl):
        """Root and TLD, signed; the TLD's DS is in the root."""
        self.host("registry", ROOT, TLD)
        values = {"dir": self.dir, "root": ROOT, "tld": TLD, "ns1": NS1, "ns2": NS2, "ttl": ttl,
                  "root6": SIX[ROOT], "tld6": SIX[TLD], "ns16": SIX[NS1], "ns26": SIX[NS2],
                  "ptr1": dns.reversename.from_address(SIX[NS1]), "ptr2": dns.reversename.from_address(SIX[NS2])}
        os.makedirs(self.path("knot-db"), exist_ok=True)
        self.write("knot.conf", KNOT.format(**values))
        self.write("root.zone", ROOT_ZONE.format(**values))
        self.write("example.zone", TLD_ZONE.format(**values))
        self.write("hints", f". 3600 NS a.root.\na.root. 3600 A {ROOT}\na.root. 3600 AAAA {SIX[ROOT]}\n")
        self.ttl = ttl
        self.start_on("registry", "knotd", "knotd", "-c", self.path("knot.conf"))
        until("knotd answers", 20, lambda: self.ask_from("registry", TLD, "example", "SOA").answer)
        self.parent_set(".", "example.", self.ds_of_knot("example."))
        self.write("anchor", "".join(f". 3600 DS {ds}\n" for ds in self.ds_of_knot(".")))

    def ds_of_knot(self, zone):
        """SHA-256 DS data of a zone of knotd."""
        out = self.run("keymgr", "-c", self.path("knot.conf"), zone, "ds")[1]
        return [line.split(" DS ")[1] for line in out.splitlines() if " DS " in line and line.split()[4] == "2"]

    def ds_of(self, keys):
        """DS data of gslb.example, as `windrose ds` prints it."""
        out = self.run(self.program("windrose"), "ds", ZONE, "--keys", keys)[1]
        return [line.split(" DS ")[1] for line in out.splitlines() if " DS " in line]

    def knotc(self, *argv):
        return self.run("knotc", "-s", self.path("knot.sock"), *argv)

    def parent_set(self, parent, child, ds):
        """Makes ds the DS RRset of child in parent."""
        self.knotc("zone-begin", parent)
        self.run("knotc", "-s", self.path("knot.sock"), "zone-unset", parent, child, "DS", check=False)
        for one in ds:
            self.knotc("zone-set", parent, child, str(self.ttl), "DS", *one.split())
        self.knotc("zone-commit", parent)

    def responder(self, number, policy, *more):
        """The first or second windrose-dns; its host is made when it is not there."""
        name, address = f"ns{number}", (NS1, NS2)[number - 1]
        if name not in self.hosts:
            self.host(name, address)
        self.start_on(name, name, self.program("windrose-dns"), "--policy", policy, "--listen", address + ":53",
                      "--listen", f"[{SIX[address]}]:53",
                      "--workers", "1", "--name", name, *more)
        until(name + " answers", 30, lambda: self.ask_from(name, address, ZONE, "SOA", 1).answer)

    def keygen(self, folder):
        """A key as `windrose keygen` makes it; its DS data."""
        self.run(self.program("windrose"), "keygen", ZONE, "--keys", folder)
        return self.ds_of(folder)

    def delegate(self, keygen=None):
        """gslb.example: keys, policy, both responders, and DS in the TLD."""
        self.write("policy/policy.yaml", POLICY.replace("TTL", str(self.ttl)))
        self.write("policy/gslb.zone", RECORDS.replace("TTL TTL", f"TTL {self.ttl}"))
        self.geo(self.path("policy"))
        ds = (keygen or self.keygen)(self.path("policy/keys"))
        for number in (1, 2):
            self.responder(number, self.path("policy"))
        self.parent_set("example.", ZONE + ".", ds)

    def resolvers(self, unbound="", named=""):
        """Both, fresh; further lines for their configurations."""
        for name, address in (("unbound", UNBOUND), ("named", NAMED)):
            if name not in self.hosts:
                self.host(name, address)
        ds = self.ds_of_knot(".")[0].split()
        values = {"dir": self.dir, "ns1": NS1, "ns2": NS2, "ns16": SIX[NS1], "ns26": SIX[NS2]}
        self.write("unbound.conf", UNBOUND_CONF.format(address=UNBOUND, more=unbound, **values))
        self.write("named.conf", NAMED_CONF.format(address=NAMED, more=named, ds=f'{" ".join(ds[:3])} "{ds[3]}"',
                                                   **values))
        self.start_on("unbound", "unbound", "/usr/sbin/unbound", "-d", "-c", self.path("unbound.conf"))
        self.start_on("named", "named", "/usr/sbin/named", "-g", "-c", self.path("named.conf"))
        for name, address in (("unbound", UNBOUND), ("named", NAMED)):
            until(name + " answers", 30, lambda a=address: self.ask_from("registry", a, "example", "SOA").answer)

    def clients(self):
        for name, (address, _) in CLIENTS.items():
            self.host(name, address)


def must_be_secure(message, what):
    if not message.flags & dns.flags.AD:
        raise Failed(f"{what}: not validated (no AD): {dns.rcode.to_text(message.rcode())} {message}")
    return message

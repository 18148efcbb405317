#!/bin/sh
# windrose-dns as its operator meets it: command line, privileges, signals,
# reloads under load, a replaced geo database, the end.
#
# Most functions are called by expect and await, which shellcheck cannot see.
# shellcheck disable=SC2317
dns=$BUILDDIR/windrose-dns
work=$(mktemp -d) || exit 1
failed=0
pid=

finish() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT

# expect TITLE COMMAND...: the command succeeds.
expect() {
	title=$1
	shift
	if "$@"; then
		echo "ok - $title"
	else
		echo "not ok - $title"
		failed=1
	fi
}

# await COMMAND...: until it succeeds, ten seconds at most.
await() {
	tries=200
	until "$@" 2>/dev/null; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
}

# fails_with STATUS TEXT COMMAND...: exit status, and the text on stderr.
fails_with() {
	wanted=$1 text=$2
	shift 2
	"$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	[ "$status" = "$wanted" ] && grep -q -- "$text" "$work/err" && return 0
	echo "# status $status: $(cat "$work/err")"
	return 1
}

# A port that is free on both loopbacks by UDP and TCP, below those that the
# kernel gives away by itself.
free_port() {
	/usr/bin/python3 -c '
import itertools, random, socket
while True:
    port = random.randrange(10000, 32000)
    try:
        for address, kind in itertools.product(("127.0.0.1", "::1"), (socket.SOCK_DGRAM, socket.SOCK_STREAM)):
            with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as s:
                s.bind((address, port))
        break
    except OSError:
        pass
print(port)'
}

# Three countries, two services: one by place, one by listed order.
write_geo() {
	cat >"$work/geo.txt" <<-EOF
	192.0.2.0/24 $1 - 51.5 -0.1 -
	2001:db8::/32 $1 - 51.5 -0.1 -
	198.51.100.0/24 US - 39.0 -77.5 -
	EOF
	perl "$SRCDIR/contrib/geo/make-mmdb" "$work/geo.txt" "$work/geo.new" &&
		mv "$work/geo.new" "$work/geo.mmdb"
}

# write_policy OCTET: the last of the address that `first` has.
write_policy() {
	cat >"$work/policy.new" <<-EOF
	zone: {name: gslb.example.com, nameservers: ns.example.net}
	geo: {databases: [geo.mmdb]}
	regions:
	  gb: {location: [51.5, -0.1], jurisdictions: uk}
	  us: {location: [39.0, -77.5], jurisdictions: us}
	clients:
	  british: [GB]
	residency:
	  stay: {clients: british, within: uk, unknown_clients: excluded}
	services:
	  near:
	    steer: failover
	    endpoints:
	      us: {A: 203.0.113.1}
	      gb: {A: 203.0.113.44}
	  first:
	    steer: failover
	    endpoints:
	      us: {A: 203.0.113.$1}
	      gb: {A: 203.0.113.200}
	EOF
	mv "$work/policy.new" "$work/policy.yaml"
}

ask() {
	dig @127.0.0.1 -p "$port" +short +tries=1 +time=2 "$@" 2>/dev/null
}

gives() { # ADDRESS ARGS...
	address=$1
	shift
	[ "$(ask "$@")" = "$address" ]
}

running() { kill -0 "$pid" 2>/dev/null; }
gone() { ! running; }

start() {
	"$dns" --policy "$work/policy.yaml" --listen "127.0.0.1:$port" \
		--listen "[::1]:$port" --workers 2 "$@" >"$work/log" 2>&1 &
	pid=$!
}

chmod 755 "$work"
write_geo GB
write_policy 1
port=$(free_port)

expect "help" sh -c "'$dns' --help | grep -q -- --stdin-packet"
expect "version" sh -c "'$dns' --version | grep -q '^windrose-dns [0-9]'"
expect "unknown option" fails_with 2 "did you mean --policy" "$dns" --polcy x
expect "no policy" fails_with 2 "--policy is missing" "$dns"
expect "wrong level" fails_with 2 "debug, info, warn or error" \
	"$dns" --policy x --log loud
expect "absent policy" fails_with 1 "$work/absent" \
	"$dns" --policy "$work/absent" --check
expect "check" sh -c "'$dns' --policy '$work/policy.yaml' --check |
	grep -q 'OK: 2 services'"

# A query by hand: id 0x1234, near.gslb.example.com A.
printf '\022\064\0\0\0\001\0\0\0\0\0\0\004near\004gslb\007example\003com\0\0\001\0\001' \
	>"$work/query"
"$dns" --policy "$work/policy.yaml" --stdin-packet <"$work/query" \
	>"$work/answer"
expect "stdin-packet answers" sh -c \
	"tail -c 4 '$work/answer' | od -An -tu1 | grep -q '203 *0 *113 *1$'"
printf 'short' | "$dns" --policy "$work/policy.yaml" --stdin-packet \
	>"$work/answer"
expect "stdin-packet is silent" test ! -s "$work/answer"

expect "no such address" fails_with 1 "no interface has this address" \
	"$dns" --policy "$work/policy.yaml" --listen 203.0.113.99:5300
/usr/bin/python3 -c '
import signal, socket, sys
t = socket.socket(); t.bind(("127.0.0.1", int(sys.argv[1]))); t.listen()
print("bound", flush=True); signal.pause()' "$port" >"$work/held" &
holder=$!
await grep -q bound "$work/held"
expect "port in use" fails_with 1 "another program has this port" \
	"$dns" --policy "$work/policy.yaml" --listen "127.0.0.1:$port"
kill "$holder"
wait "$holder" 2>/dev/null

# The manager's socket gets all from READY=1 to STOPPING=1.
/usr/bin/python3 -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o777); print("bound", flush=True)
s.settimeout(60)
heard = ""
while "STOPPING=1" not in heard:
    heard = s.recv(500).decode()
    print(heard, flush=True)' "$work/notify" >"$work/notified" &
manager=$!
await grep -q bound "$work/notified"
user=
if [ "$(id -u)" = 0 ]; then
	user="--user nobody"
	mkdir "$work/run"
	chown nobody "$work/run"
else
	mkdir "$work/run"
fi
NOTIFY_SOCKET=$work/notify
export NOTIFY_SOCKET
# shellcheck disable=SC2086 # none or two words
start $user --control "$work/run/control" --keep "$work/run/keep"
unset NOTIFY_SOCKET
expect "says that it is ready" await grep -q READY=1 "$work/notified"
running || {
	echo "# it ended: $(cat "$work/log")"
	exit 1
}
expect "answers over UDP" gives 203.0.113.1 first.gslb.example.com
expect "answers over TCP" gives 203.0.113.1 +tcp first.gslb.example.com
expect "answers over IPv6" sh -c \
	"[ \"\$(dig @::1 -p $port +short first.gslb.example.com)\" = 203.0.113.1 ]"
expect "keeps the British at home" gives 203.0.113.44 +subnet=192.0.2.0/24 \
	near.gslb.example.com
if [ -n "$user" ]; then
	expect "is nobody" sh -c \
		"[ \$(stat -c %U /proc/$pid) = nobody ] &&
		 grep -q '^NoNewPrivs:.*1' /proc/$pid/status &&
		 grep -qE '^CapEff:.*0000000000000000' /proc/$pid/status"
fi

# Twenty reloads while two clients ask one query after the other.
cat >"$work/load.py" <<'EOF'
import os, socket, sys, threading

port, stop = int(sys.argv[1]), sys.argv[2]
query = open(sys.argv[3], "rb").read()
asked = lost = 0
lock = threading.Lock()

def ask():
    global asked, lost
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(("127.0.0.1", port))
    s.settimeout(3)
    n = missing = 0
    while not os.path.exists(stop):
        n += 1
        s.send(n.to_bytes(4, "big")[2:] + query[2:])
        try:
            answer = s.recv(2000)
            missing += answer[:2] != n.to_bytes(4, "big")[2:]
            missing += answer[3] & 15 != 0
        except socket.timeout:
            missing += 1
    with lock:
        asked += n
        lost += missing

threads = [threading.Thread(target=ask) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
print(asked, lost)
EOF
/usr/bin/python3 "$work/load.py" "$port" "$work/stop" "$work/query" \
	>"$work/load" &
load=$!
reloads=0
for octet in $(seq 2 21); do
	write_policy "$octet"
	kill -HUP "$pid"
	await gives "203.0.113.$octet" first.gslb.example.com &&
		reloads=$((reloads + 1))
done
: >"$work/stop"
wait "$load"
expect "twenty reloads arrive" test "$reloads" = 20
expect "no query is lost" grep -q ' 0$' "$work/load"
echo "# queries asked and lost during 20 reloads: $(cat "$work/load")"

write_policy 1
cp "$work/policy.yaml" "$work/good.yaml"
echo "services: [" >"$work/policy.yaml"
kill -HUP "$pid"
expect "a broken policy is logged" await grep -q reload-failed "$work/log"
expect "and changes nothing" gives 203.0.113.21 first.gslb.example.com
cp "$work/good.yaml" "$work/policy.yaml"

write_geo FR
expect "a replaced database is noticed" await gives 203.0.113.1 \
	+subnet=192.0.2.0/24 near.gslb.example.com

kill -TERM "$pid"
expect "ends when told" await gone
wait "$pid"
status=$?
pid=
expect "with status 0" test "$status" = 0
expect "takes its control socket away" test ! -e "$work/run/control"
wait "$manager"
expect "says that it stops" grep -q STOPPING=1 "$work/notified"
[ $failed = 0 ] || sed 's/^/# /' "$work/log"
exit $failed

#!/bin/sh
# Each daemon has a unit for systemd, which starts it with options that it has,
# under which it may do little, and which systemd reads without a word.
: "${SRCDIR:=.}" "${BUILDDIR:=$SRCDIR/build}"
exposure=20 # at most, of 100, as systemd-analyze reckons
number=0
work=$(mktemp -d) || exit 1
trap 'rm -r "$work"' EXIT

# result TITLE COMPLAINT: none is well.
result() {
	number=$((number + 1))
	[ -z "$2" ] && { echo "ok $number - $1"; return; }
	printf '%s\n' "$2" | sed 's/^/# /'
	echo "not ok $number - $1"
}

# Long options of the command that a unit starts.
started() {
	sed -n '/^ExecStart=/,/[^\\]$/p' "$1" | grep -oE -e '--[a-z-]+'
}

missing() {
	help=$("$BUILDDIR/windrose-$1" --help)
	started "$2" | while read -r option; do
		printf '%s\n' "$help" | grep -q "^  $option " ||
			echo "windrose-$1 has no $option"
	done
}

# With the program that was built, as the unit's one is not installed here.
verified() {
	sed "s#/usr/sbin/#$(cd "$BUILDDIR" && pwd)/#" "$1" >"$work/${1##*/}"
	systemd-analyze verify --man=no "$work/${1##*/}" 2>&1
}

exposed() {
	systemd-analyze security --offline=true --threshold=$exposure \
		"$1" >"$work/exposure" 2>&1 || tail -1 "$work/exposure"
}

daemons="dns health steer edge"
echo 1..12
for daemon in $daemons; do
	unit=$SRCDIR/contrib/systemd/windrose-$daemon.service
	result "options of windrose-$daemon.service" "$(
		[ -f "$unit" ] || echo "there is no $unit"
		[ -n "$(started "$unit")" ] || echo "it starts nothing"
		missing "$daemon" "$unit"
	)"
	if command -v systemd-analyze >/dev/null; then
		result "windrose-$daemon.service is read" "$(verified "$unit")"
		result "windrose-$daemon.service may do little" \
			"$(exposed "$unit")"
	else
		for what in "is read" "may do little"; do
			number=$((number + 1))
			echo "ok $number - windrose-$daemon.service $what # SKIP there is no systemd-analyze"
		done
	fi
done

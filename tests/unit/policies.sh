#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The examples of contrib/policies have no faults, and their own tests pass.
top=$(cd "${SRCDIR:-.}" && pwd) || exit 99
windrose=${BUILDDIR:-.}/windrose
out=$(mktemp) || exit 99
trap 'rm -f "$out"' EXIT
count=0
status=0

# ok RESULT TITLE
ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# /' "$out"
		status=1
	fi
}

for policy in "$top"/contrib/policies/*.yaml; do
	name=$(basename "$policy")
	"$windrose" check "$policy" >"$out" 2>&1 && grep -q ' 0 warnings' "$out"
	ok $? "$name: windrose check finds nothing"
	"$windrose" test "$policy" >"$out" 2>&1 && ! grep -q '^0 passed' "$out"
	ok $? "$name: windrose test passes"
done
[ "$count" -ge 6 ]
ok $? "there are examples"
echo "1..$count"
exit $status

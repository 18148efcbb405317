#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# README.md's policy and contrib/sample do what README.md says of them.
top=$(cd "${SRCDIR:-.}" && pwd) || exit 99
windrose=$(cd "${BUILDDIR:-.}" && pwd)/windrose
perl -MMaxMind::DB::Writer::Tree -e1 2>/dev/null || {
	echo "1..0 # SKIP no MaxMind::DB::Writer"
	exit 0
}
work=$(mktemp -d readme-XXXXXX) || exit 99
trap 'rm -rf "$work"' EXIT
count=0
status=0

# ok RESULT TITLE
ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# /' "$work/out"
		status=1
	fi
}

mkdir "$work/readme" "$work/sample"
# The indented block below "## A policy".
awk '/^## /{ in_it = $0 == "## A policy"; next }
     in_it && /^    /{ print substr($0, 5); seen = 1; next }
     in_it && seen && NF { exit }' "$top/README.md" >"$work/readme/policy.yaml"
cp "$top/contrib/sample/windrose.yaml" "$top/contrib/sample/gslb.zone" \
	"$work/sample"
[ "$(wc -l <"$work/readme/policy.yaml")" -ge 10 ]
ok $? "README.md has a policy"
for family in 4 6; do
	for folder in readme sample; do
		perl "$top/contrib/geo/make-mmdb" --schema flat --v$family \
			"$top/contrib/geo/small.txt" \
			"$work/$folder/city-ipv$family.mmdb" || exit 99
	done
done
for folder in readme sample; do
	"$windrose" check "$work/$folder" >"$work/out" 2>&1 &&
		grep -q ' 0 warnings' "$work/out"
	ok $? "$folder: windrose check finds nothing"
	"$windrose" test "$work/$folder" >"$work/out" 2>&1
	ok $? "$folder: windrose test passes"
	"$windrose" explain "$work/$folder" --client 81.2.69.142 \
		--service www >"$work/out" 2>&1 &&
		grep -q '^answer   eu-west' "$work/out"
	ok $? "$folder: a Londoner is sent to eu-west"
done
echo "1..$count"
exit $status

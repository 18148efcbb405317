#!/bin/sh
# Names that say something, headers that open with their noun, and nothing left
# for later.
cd "${SRCDIR:-.}" || exit 99
echo 1..3
parts='policy dns health steering'

# say NUMBER TITLE FINDINGS: a result, and why.
say() {
	if [ -z "$3" ]; then
		echo "ok $1 - $2"
	else
		printf '%s\n' "$3" | sed 's/^/# /'
		echo "not ok $1 - $2"
	fi
}

# shellcheck disable=SC2086 # a list of words
vague=$(find $parts tests contrib -type f |
	grep -E '/(util|utils|misc|common|helper|helpers|manager|handler|info|core)(\.[a-z0-9]+)?$')
say 1 "file names" "$(printf '%s' "$vague" | sed 's/$/: says nothing of what is in it/')"

# "/*", then " * noun -- what it is for".
# shellcheck disable=SC2086 # a list of words
say 2 "headers" "$(find $parts -name '*.h' | sort | while read -r header; do
	noun=$(basename "$header" .h)
	sed -n '1,3p' "$header" | tr '\n' ' ' |
		grep -qE '^(/[*] SPDX-[^*]*[*]/ )?/[*]  [*] '"$noun"' -- [^ ]' ||
		echo "$header: does not open with \"$noun -- ...\""
done)"

# A stub resolver is a word of DNS; this file has to name what it looks for.
# shellcheck disable=SC2086 # a list of words
say 3 "nothing is left for later" "$(grep -rniIwE \
	'TODO|FIXME|XXX|NEEDSWORK|stubs?' $parts tests contrib README.md \
	CONTRIBUTING.md --exclude-dir=autotools --exclude-dir=corpus |
	grep -v '^tests/lint/words.sh:' |
	grep -viE 'stub[ -](resolver|zone|addr)')"

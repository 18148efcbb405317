#!/bin/sh
# Codes of findings: each has a number of its own and a row with its page, some
# program gives it, and a policy of the corpus has it or, where a file alone
# cannot, another test.
cd "${SRCDIR:-.}" || exit 99
echo 1..5
header=policy/language/code.h
numbers=$(sed -n 's/^\t\(CODE_[A-Z_]*\) = \([0-9]*\),.*/\1 \2/p' $header)
names=$(printf '%s\n' "$numbers" | cut -d' ' -f1 | sort)

# say NUMBER TITLE FINDINGS: a result, and why.
say() {
	if [ -z "$3" ]; then
		echo "ok $1 - $2"
	else
		printf '%s\n' "$3" | sed 's/^/# /'
		echo "not ok $1 - $2"
	fi
}

say 1 "numbers are used once" \
	"$(printf '%s\n' "$numbers" | cut -d' ' -f2 | sort | uniq -d)"
say 2 "each has one row" \
	"$({
		printf '%s\n' "$names"
		sed -n 's/^\t{ \(CODE_[A-Z_]*\), .*/\1/p' policy/language/code_*.c
	} | sort | uniq -c | awk '$1 != 2 { print $2 }')"
say 3 "each is given by a program" \
	"$(for name in $names; do
		grep -rlwE "$name" policy dns --include='*.c' |
			grep -qv policy/language/code_ || echo "$name: is never given"
	done)"
say 4 "each is seen by a test" \
	"$(printf '%s\n' "$numbers" | while read -r name number; do
		code=WR$(printf %04d "$number")
		grep -rqF "[$code]" tests/data/policy tests/unit ||
			grep -rqw "$name" tests/unit ||
			grep -qF "\"$code\"" tests/system/hostile.py ||
			echo "$name: is in no policy of the corpus"
	done)"
say 5 "the corpus has no others" \
	"$(grep -rhoE '\[WR[0-9]{4}\]$' tests/data/policy | sort -u |
		tr -d 'WR[]' | while read -r number; do
		printf '%s\n' "$numbers" | grep -q " ${number#0}\$" || echo "WR$number"
	done)"

#!/bin/sh
# No function of more than five parameters.  Octets and their length are one,
# and so are a callback and its argument.
cd "${SRCDIR:-.}" || exit 99
command -v ctags >/dev/null || { echo "1..0 # SKIP no ctags"; exit 0; }
echo 1..1
find policy dns health steering -name '*.[ch]' |
	ctags -L - -x --kinds-C=fp --fields=+S --_xformat='%F:%n: %N%{signature}' |
	awk '{
		sum = 0
		list = substr($0, index($0, "(") + 1)
		sub(/\)$/, "", list)
		gsub(/\([^()]*\)/, "", list)
		count = split(list, parameters, ",")
		for (i = 1; i <= count; i++)
			sum += parameters[i] !~ /[ *_](len|cap|size|count|argc|arg)$/
		if (sum > 5) {
			print "# " $0
			bad = 1
		}
	}
	END { exit bad }' && echo "ok 1 - parameters" || echo "not ok 1 - parameters"

#!/bin/sh
# No function over 60 lines, no file over 500.
cd "${SRCDIR:-.}" || exit 99
command -v ctags >/dev/null || { echo "1..0 # SKIP no ctags"; exit 0; }
echo 1..2
find policy dns health steering -name '*.c' |
	ctags -L - -x --kinds-C=f --_xformat='%{end} %n %F %N' |
	awk '$1 - $2 + 1 > 60 { print "# " $3 ":" $2 ": " $4 " is " $1 - $2 + 1 " lines"; bad = 1 }
	     END { exit bad }' && echo "ok 1 - functions" || echo "not ok 1 - functions"
find policy dns health steering tests \( -name '*.[ch]' -o -name '*.py' \) \
	-exec wc -l {} + |
	awk '$2 != "total" && $1 > 500 { print "# " $2 ": " $1 " lines"; bad = 1 } END { exit bad }' &&
	echo "ok 2 - files" || echo "not ok 2 - files"

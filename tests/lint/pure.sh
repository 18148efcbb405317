#!/bin/sh
# A file that touches the outside world says "Shell" in its header's first
# comment; a file that does not say so may not include the outside world.
cd "${SRCDIR:-.}" || exit 99
echo 1..2
outside='^#include <(event2/|curl/|hiredis/|sys/socket|sys/epoll|poll\.h|unistd\.h|time\.h|sys/time\.h|pthread\.h)'
found=0
reaching=$(grep -rlE "$outside" policy dns health steering --include='*.[ch]')
for file in $reaching; do
	case $file in */windrose*.c) continue ;; esac
	header=${file%.*}.h
	[ -f "$header" ] || header=$file
	sed 40q "$header" | grep -q 'Shell' && continue
	echo "# $file: reaches outside but is not marked as a shell"
	found=1
done
[ $found = 0 ] && echo "ok 1 - pure modules reach nothing outside" || echo "not ok 1 - pure modules reach nothing outside"
# Rule 5: no mutable state outlives a call; log's level is the one exception.
# The libraries know: what is neither constant nor on a stack is in .data or
# .bss.  Names with two underscores are the sanitizers'.
libraries=$(cd "${BUILDDIR:-build}" && echo "$PWD"/*/lib*.a)
# shellcheck disable=SC2086 # a list of words
state=$(objdump -t $libraries | awk '
	/^[a-z_0-9]*\.o:/ { object = $1 }
	(/ O (\.data|\.bss|\*COM\*)/ || / [gl] +\.t(data|bss)/) && !/ \.data\.rel\.ro/ &&
	    $NF !~ /^__/ && !($NF == "lowest" && object == "log.o:") {
		print "# " object " " $NF " can change and outlives calls"
	}
	/ O \.rodata/ { constants++ }
	END { if (!constants) print "# no libraries to look at" }')
[ -z "$state" ] || printf '%s\n' "$state"
[ -z "$state" ] && echo "ok 2 - no mutable state of a file" || echo "not ok 2 - no mutable state of a file"

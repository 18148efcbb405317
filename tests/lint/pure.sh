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
# Rule 5: no mutable state at file scope; log's level is the one exception.
state=0
grep -rnE '^static [a-z_ ]*[a-z_]+(\[[^]]*\])* *(=|;)' policy dns health steering --include='*.c' |
	grep -vE 'static (const|_Thread_local const)|static [a-z ]*const ' |
	grep -v '^policy/base/log.c' && state=1
[ $state = 0 ] && echo "ok 2 - no mutable file-scope variables" || echo "not ok 2 - no mutable file-scope variables"

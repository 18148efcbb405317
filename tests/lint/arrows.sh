#!/bin/sh
# The folder arrows: everyone may include policy/; dns/, health/ and steering/
# never include each other, and policy/ includes nobody.  The main files,
# windrose*.c, are where the parts meet and may include anything.
cd "${SRCDIR:-.}" || exit 99
echo 1..2
found=0
for folder in policy dns health steering; do
	grep -rnE '^#include "(dns|health|steering)/' "$folder" \
		--include='*.[ch]' |
		grep -v "#include \"$folder/" |
		grep -vE '/windrose[a-z-]*\.c:' && found=1
done
[ $found = 0 ] && echo "ok 1 - folders" || echo "not ok 1 - folders"
# Inside policy/: base looks at nothing else; language only at base; decide at
# language and bus types; bus and keys at base, language; review at all of it.
down=0
grep -rnE '^#include "policy/(language|keys|decide|bus|review)/' policy/base && down=1
grep -rnE '^#include "policy/(keys|decide|bus|review)/' policy/language && down=1
grep -rnE '^#include "policy/(keys|decide|review)/' policy/bus && down=1
grep -rnE '^#include "policy/(decide|bus|review)/' policy/keys && down=1
grep -rnE '^#include "policy/(keys|review)/' policy/decide && down=1
[ $down = 0 ] && echo "ok 2 - layers of policy" || echo "not ok 2 - layers of policy"

#!/bin/sh
# What a program offers its manual explains, and the other way round; what the
# README tells people to type exists.
: "${SRCDIR:=.}" "${BUILDDIR:=$SRCDIR/build}"
windrose=$BUILDDIR/windrose
number=0

# same TITLE OFFERED EXPLAINED: compares two lists of words, one a line.
same() {
	number=$((number + 1))
	offered=$(printf '%s\n' "$2" | sort -u)
	explained=$(printf '%s\n' "$3" | sort -u)
	[ -n "$offered" ] && [ "$offered" = "$explained" ] && {
		echo "ok $number - $1"
		return
	}
	for word in $offered; do
		printf '%s\n' "$explained" | grep -qxe "$word" ||
			echo "# $word: is there, but not explained"
	done
	for word in $explained; do
		printf '%s\n' "$offered" | grep -qxe "$word" ||
			echo "# $word: is explained, but not there"
	done
	echo "not ok $number - $1"
}

# Options as usage texts and as manual pages show them.
offered() { sed -n 's/^  \(--[a-z-]*\).*/\1/p'; }
explained() {
	sed -n '/^\.It /p' "$1" | grep -oE 'Fl -[a-z-]+' | sed 's/^Fl -/--/'
}

echo 1..7
commands=$("$windrose" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
same "commands of windrose" "$commands" \
	"$(sed -n '/^\.Sh SYN/,/^\.Sh DESC/s/^\.Cm \([a-z]*\).*/\1/p' \
		"$SRCDIR/contrib/man/windrose.1")"
same "options of windrose" \
	"$({
		"$windrose" --help
		for command in $commands; do "$windrose" "$command" --help; done
	} | offered)" "$(explained "$SRCDIR/contrib/man/windrose.1")"
for daemon in dns health steer edge; do
	same "options of windrose-$daemon" \
		"$("$BUILDDIR/windrose-$daemon" --help | offered)" \
		"$(explained "$SRCDIR/contrib/man/windrose-$daemon.8")"
done

unknown=$(grep -oE '(^    |`)windrose [a-z]+' "$SRCDIR/README.md" |
	sed 's/.* //' | sort -u | while read -r word; do
	printf '%s\n' "$commands" | grep -qxe "$word" ||
		echo "# README.md: there is no windrose $word"
done)
if [ -z "$unknown" ]; then
	echo "ok 7 - commands in README.md"
else
	printf '%s\n' "$unknown"
	echo "not ok 7 - commands in README.md"
fi

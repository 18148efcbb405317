#!/bin/sh
# What the shells complete is what windrose has: each command, and each of its
# options, with a value or without.
: "${SRCDIR:=.}" "${BUILDDIR:=$SRCDIR/build}"
windrose=$BUILDDIR/windrose
folder=$SRCDIR/contrib/completion
command -v bash >/dev/null || { echo "1..0 # SKIP there is no bash"; exit 0; }
number=0

# same TITLE THERE COMPLETED: compares two lists of words, one a line.
same() {
	number=$((number + 1))
	there=$(printf '%s\n' "$2" | sort -u)
	completed=$(printf '%s\n' "$3" | sort -u)
	[ -n "$there" ] && [ "$there" = "$completed" ] && {
		echo "ok $number - $1"
		return
	}
	printf '%s\n%s\n' "$there" "$completed" | sort | uniq -u | sed 's/^/# only on one side: /'
	echo "not ok $number - $1"
}

# The words of a table of the options in a file.
table() { sed -n '/^_windrose_options() {/,/esac/p' "$1"; }

echo 1..4
commands=$("$windrose" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
# shellcheck disable=SC2016 # for the other shell
same "commands in bash" "$commands" \
	"$(bash -c '. "$1"; printf "%s\n" $_windrose_commands' - "$folder/windrose.bash")"
same "commands in zsh" "$commands" \
	"$(sed -n 's/^\t\t"\([a-z]*\):.*/\1/p' "$folder/_windrose")"
# shellcheck disable=SC2016,SC2086 # for the other shell; a list of words
same "options in bash" \
	"$(for command in $commands; do
		"$windrose" "$command" --help |
			sed -n "s/^  \(--[a-z-]*\) [^ ].*/$command \1=/p; t
				s/^  \(--[a-z-]*\).*/$command \1/p"
	done)" \
	"$(bash -c '. "$1"; shift
		for command; do
			for option in $(_windrose_options "$command"); do
				echo "$command $option"
			done
		done' - "$folder/windrose.bash" $commands)"
same "options in zsh are those in bash" "$(table "$folder/windrose.bash" | grep -v printf)" \
	"$(table "$folder/_windrose" | grep -v print)"

# SPDX-License-Identifier: Apache-2.0
# Completion of windrose(1) for bash: commands, options, and, when an agent or
# windrose up can be asked, the regions, services, endpoints, canaries and
# commands that there are.  Nothing else of bash-completion is needed.

_windrose_commands="init check test prove diff simulate explain help schema \
	fmt keygen ds up status top watch \
	drain undrain failover weight pin cancel freeze unfreeze undo drill approve \
	canary rollback publish rollout plans force history bus"

# The options of command $1, "=" behind those with a value.
# tests/lint/completion.sh compares them with --help.
_windrose_options() {
	local options=
	case $1 in
	check) options="--format= --no-geo --help" ;;
	test) options="--tap --json --coverage --require-coverage= --help" ;;
	prove) options="--failed= --trust-names --json --key= --help" ;;
	diff) options="--json --markdown --svg= --trace= --trust-names --help" ;;
	simulate) options="--trace= --down= --against= --step= --json --help" ;;
	explain) options="--client= --service= --down= --order= --canary= \
		--deferred --panic --canaries-down --at= --node= --json --help" ;;
	init | help | schema) options="--help" ;;
	fmt) options="--check --help" ;;
	keygen) options="--keys= --algorithm= --csk --ksk --zsk --publish= \
		--activate= --inactive= --delete= --sync-publish= \
		--sync-delete= --successor-of= --prepublish= --dnskey-ttl= \
		--max-ttl= --ds-wait= --set= --help" ;;
	ds) options="--keys= --help" ;;
	up) options="--listen= --workers= --user= --vantage= --state= \
		--control= --page= --programs= --explain-to= --log= --help \
		--version" ;;
	status | plans | history) options="--bus= --node= --key= --count= \
		--follow --verify --head= --json --help" ;;
	top) options="--bus= --node= --key= --every= --help" ;;
	watch) options="--bus= --node= --key= --every= --json --help" ;;
	drain | undrain | failover | weight | pin | cancel | freeze | unfreeze | \
		undo | drill | approve | canary | rollback)
		options="--bus= --node= --key= --reason= --author= --for= \
		--over= --to= --clients= --abort-when= --approval --force --dry-run \
		--yes --json --wait= --help"
		;;
	publish) options="--bus= --key= --author= --reason= --expect= \
		--against= --force --may-silence --dry-run --yes --no-wait \
		--json --help" ;;
	rollout) options="--bus= --node= --key= --author= --reason= --json \
		--help" ;;
	force) options="--node= --reason= --author= --for= --dry-run --json \
		--help" ;;
	bus) options="--bus= --trust= --trust-vantage= --json --help" ;;
	esac
	printf '%s' "$options"
}

_windrose_takes_value() {
	[[ " $(_windrose_options "$1") " == *" $2= "* ]]
}

# Puts together what COMP_WORDBREAKS takes apart, as in redis://host: into the
# caller's words, up to the cursor.
_windrose_words() {
	local line=$COMP_LINE i
	for ((i = 0; i <= COMP_CWORD; i++)); do
		if ((i == 0)) || [[ $line == [[:space:]]* ]]; then
			words+=("${COMP_WORDS[i]}")
		else
			words[-1]+=${COMP_WORDS[i]}
		fi
		line=${line#"${line%%[![:space:]]*}"}
		line=${line#"${COMP_WORDS[i]}"}
	done
}

# Names of kind $1, asked where the command line says, or the environment.
_windrose_names() {
	local -a where=()
	local i
	for ((i = 3; i < ${#words[@]} - 1; i++)); do
		case ${words[i - 1]} in
		--bus | --node | --key) where+=("${words[i - 1]}" "${words[i]}") ;;
		esac
	done
	"${words[0]}" names "$1" "${where[@]}" 2>/dev/null
}

# What may stand behind option $1; $2 is what is there.
_windrose_value() {
	case $1 in
	--to | --down) _windrose_names regions ;;
	--service) _windrose_names services ;;
	--clients) _windrose_names sets ;;
	--format) echo text json ;;
	--log) echo debug info warn error ;;
	--algorithm) echo ecdsap256 ed25519 ;;
	--node | --key | --trust | --keys | --set | --successor-of | --state | \
		--control | --programs | --trace | --against | --svg) compgen -f -- "$2" ;;
	esac
}

# How many operands stand between command $1 and the cursor.
_windrose_operands() {
	local i count=0
	for ((i = 2; i < ${#words[@]} - 1; i++)); do
		if _windrose_takes_value "$1" "${words[i]}"; then
			((i++))
		elif [[ ${words[i]} != -* ]]; then
			((count++))
		fi
	done
	echo "$count"
}

# What may stand as operand number $2 of command $1; $3 is what is there.
_windrose_operand() {
	case $1:$2 in
	check:0 | test:0 | prove:0 | diff:[01] | simulate:0 | explain:0 | up:0 | publish:0) compgen -f -- "$3" ;;
	help:0) compgen -W "$(windrose help | sed -n 's/^\(WR[0-9]*\) .*/\1/p')" -- "$3" ;;
	drain:0 | undrain:0)
		_windrose_names regions
		_windrose_names endpoints
		;;
	failover:0 | pin:0) _windrose_names services ;;
	weight:0 | force:0) _windrose_names endpoints ;;
	force:1) echo open closed auto ;;
	freeze:0 | unfreeze:0)
		echo all
		_windrose_names services
		;;
	undo:0) _windrose_names changes ;;
	drill:0) echo region-loss abort report ;;
	drill:1)
		_windrose_names regions
		echo last
		;;
	cancel:0) _windrose_names commands ;;
	canary:0) echo start promote pause resume abort ;;
	canary:1) _windrose_names canaries ;;
	history:*) compgen -f -- "$3" ;;
	rollout:0) echo status abort ;;
	bus:0) echo doctor ;;
	esac
}

_windrose() {
	local -a words=()
	local word before command offered
	_windrose_words
	word=${words[-1]} before=${words[-2]} command=${words[1]}
	if ((${#words[@]} == 2)); then
		offered="$_windrose_commands --help --version"
	elif _windrose_takes_value "$command" "$before"; then
		offered=$(_windrose_value "$before" "$word")
	elif [[ $word == -* ]]; then
		offered=$(_windrose_options "$command")
		offered=${offered//=/}
	else
		offered=$(_windrose_operand "$command" \
			"$(_windrose_operands "$command")" "$word")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
}

complete -F _windrose windrose

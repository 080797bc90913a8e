# SPDX-License-Identifier: MIT
# bash completion for consolefs-sim(1): of the options that its --help lists. Needs bash-completion.

_consolefs_sim() {
	# shellcheck disable=SC2034 # of _init_completion
	local cur prev words cword options
	_init_completion -n =: || return
	case $prev in
	--log | --*-file)
		_filedir
		return
		;;
	--fault)
		compopt -o nospace
		mapfile -t COMPREPLY < <(compgen -S : -W 'DescribeInstances DescribeRegions GetConsoleScreenshot
			GetConsoleOutput DescribeInstanceVncUrl' -- "$cur")
		return
		;;
	esac
	options=$("$1" --help 2>/dev/null </dev/null)
	# Of an option with an argument that is not a file, there is nothing to complete.
	[[ $prev != --* || $options != *"  $prev "[A-Z]* ]] || return
	mapfile -t COMPREPLY < <(compgen -W "$(grep -oE -- '--[a-z][a-z-]+' <<<"$options")" -- "$cur")
}

complete -F _consolefs_sim consolefs-sim

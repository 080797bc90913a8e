# SPDX-License-Identifier: MIT
# bash completion for consolefs-archive(1). Needs bash-completion.

_consolefs_archive() {
	# shellcheck disable=SC2034 # of _init_completion
	local cur prev words cword
	_init_completion || return
	case $prev in
	-[jks] | --jobs | --keep | --shard | --wake-wait) return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--jobs --keep --quiet --shard --wake --wake-wait --help' -- "$cur")
	else
		_filedir -d
	fi
}

complete -F _consolefs_archive consolefs-archive

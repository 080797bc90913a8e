# SPDX-License-Identifier: MIT
# bash completion for consolefs(1). Needs bash-completion.

# Sets _consolefs_backends to what `consolefs --backends` prints, asked once in a shell: nothing from a program that does not know the option.
_consolefs_ask() {
	[[ -n ${_consolefs_backends-} ]] || _consolefs_backends=$("$1" --backends 2>/dev/null </dev/null)
}

# The sections of the configuration, but for the one that is not a cloud.
_consolefs_sections() {
	local file
	for file in "${CONSOLEFS_CONFIG:-}" "${XDG_CONFIG_HOME:-$HOME/.config}/consolefs/consolefs.conf" \
		/etc/consolefs.conf; do
		[[ -r $file ]] || continue
		sed -n '/^\[consolefs\]/d; s/^\[\([A-Za-z0-9._-]*\)].*/\1/p' "$file"
		return
	done
}

# The settings of each cloud: of the sections there are, else of the backends, which are sections then.
_consolefs_settings() {
	local section
	local -a sections settings
	mapfile -t sections < <(_consolefs_sections)
	mapfile -t settings < <(sed -n 's/\t.*/=/p' <<<"${_consolefs_backends-}")
	if [[ ${#sections[@]} -eq 0 ]]; then
		printf '%s\n' "${settings[@]}"
		return
	fi
	for section in "${sections[@]}"; do
		printf '%s\n' "${settings[@]/#*./"$section."}" | sort -u
	done
}

# The last of a list of mount options, until its '='.
_consolefs_mount_options() {
	local head='' words
	local -a candidates
	[[ $cur == *,* ]] && head=${cur%,*},
	[[ ${cur##*,} != *=* ]] || return
	_consolefs_ask "$1"
	words="ro allow_other auto_unmount uid= gid= umask= fsname= config= log_level= still trust_files
		consolefs.refuse= consolefs.still_ttl= consolefs.still_max=
		$(_consolefs_settings)"
	mapfile -t candidates < <(compgen -W "$words" -- "${cur##*,}")
	# readline replaces what follows the last of its word breaks only.
	head=${head##*[=:]}
	COMPREPLY=("${candidates[@]/#/$head}")
	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}

_consolefs() {
	# shellcheck disable=SC2034 # of _init_completion
	local cur prev words cword
	_init_completion -n =: || return
	case $prev in
	-c | --config)
		_filedir
		return
		;;
	--into)
		_filedir -d
		return
		;;
	-o)
		_consolefs_mount_options "$1"
		return
		;;
	--log-level)
		mapfile -t COMPREPLY < <(compgen -W 'error warning info debug' -- "$cur")
		return
		;;
	esac
	case $cur in
	--config=*)
		cur=${cur#*=}
		_filedir
		;;
	--into=*)
		cur=${cur#*=}
		_filedir -d
		;;
	--log-level=*)
		mapfile -t COMPREPLY < <(compgen -W 'error warning info debug' -- "${cur#*=}")
		;;
	--check=*)
		mapfile -t COMPREPLY < <(compgen -W 'json' -- "${cur#*=}")
		;;
	-*)
		mapfile -t COMPREPLY < <(compgen -W '-c --config -f -o --log-level --check --check=json --get --into --list --wake
			--backends --demo -V --version -h --help' -- "$cur")
		;;
	*)
		_filedir -d
		;;
	esac
}

complete -F _consolefs consolefs

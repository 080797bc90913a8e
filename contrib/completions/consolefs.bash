# bash completion for consolefs(1). Needs bash-completion.

# The last of a list of mount options: its name, until its '='. A cloud is a section of the configuration.
_consolefs_mount_options() {
	local head='' clouds key words file
	local -a candidates
	[[ $cur == *,* ]] && head=${cur%,*},
	[[ ${cur##*,} != *=* ]] || return
	for file in "${CONSOLEFS_CONFIG:-}" "${XDG_CONFIG_HOME:-$HOME/.config}/consolefs/consolefs.conf" \
		/etc/consolefs.conf; do
		[[ -r $file ]] || continue
		clouds=$(sed -n '/^\[consolefs\]/d; s/^\[\([A-Za-z0-9._-]*\)].*/\1/p' "$file")
		break
	done
	words='ro allow_other auto_unmount uid= gid= umask= fsname= config= log_level= consolefs.refuse='
	for file in ${clouds:-aws tencent}; do
		for key in backend profile regions filter endpoint ca_file list_ttl timeout rate vnc_page; do
			words+=" $file.$key="
		done
	done
	mapfile -t candidates < <(compgen -W "$words" -- "${cur##*,}")
	# readline replaces what follows the last of its word breaks only.
	head=${head##*[=:]}
	COMPREPLY=("${candidates[@]/#/$head}")
	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}

_consolefs() {
	local cur prev words cword
	_init_completion -n =: || return
	case $prev in
	-c | --config)
		_filedir
		return
		;;
	-o)
		_consolefs_mount_options
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
	--log-level=*)
		mapfile -t COMPREPLY < <(compgen -W 'error warning info debug' -- "${cur#*=}")
		;;
	--check=*)
		mapfile -t COMPREPLY < <(compgen -W 'json' -- "${cur#*=}")
		;;
	-*)
		mapfile -t COMPREPLY < <(compgen -W '-c --config -f -o --log-level --check --check=json --demo
			-V --version -h --help' -- "$cur")
		;;
	*)
		_filedir -d
		;;
	esac
}

complete -F _consolefs consolefs

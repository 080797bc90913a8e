# bash completion for consolefs-sim(1). Needs bash-completion.

_consolefs_sim() {
	local cur prev words cword
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
	--port | --metadata-port | --instances | --*-regions | --seed | --latency | --rate-scale | --clock-offset | \
		--screen-bytes | --session-seconds)
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '--port --ready-file --ca-file --instances --aws-regions
		--tencent-regions --seed --latency --rate-scale --fault --fault-file --log --freeze-clock
		--fleet-file --authority-file
		--screen-bytes --clock-offset --metadata-file --metadata-port --session-seconds --no-instance-role
		--web-identity-file --container-token-file --issued-file --die-with-parent --help --version' -- "$cur")
}

complete -F _consolefs_sim consolefs-sim

# bash completion for consolefs-sim(1). Needs bash-completion.

_consolefs_sim() {
	local cur prev words cword
	_init_completion -n =: || return
	case $prev in
	--ready-file | --ca-file | --log)
		_filedir
		return
		;;
	--fault)
		compopt -o nospace
		mapfile -t COMPREPLY < <(compgen -S : -W 'DescribeInstances DescribeRegions GetConsoleScreenshot
			GetConsoleOutput DescribeInstanceVncUrl' -- "$cur")
		return
		;;
	--port | --instances | --aws-regions | --tencent-regions | --seed | --latency | --rate-scale)
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '--port --ready-file --ca-file --instances --aws-regions
		--tencent-regions --seed --latency --rate-scale --fault --log --freeze-clock --die-with-parent
		--help --version' -- "$cur")
}

complete -F _consolefs_sim consolefs-sim

# SPDX-License-Identifier: MIT
# fish completion for consolefs-sim(1): of the options that its --help lists, "  --NAME ARGUMENT  what it is".

complete -c consolefs-sim -f
for line in (type -q consolefs-sim; and consolefs-sim --help 2>/dev/null </dev/null)
	set -l parts (string match -rg '^  --([a-z-]+)(?: ([A-Z][A-Z,]*))? +(.*)$' -- $line)
	or continue
	switch "$parts[2]"
		case ''
			complete -c consolefs-sim -l $parts[1] -d "$parts[3]"
		case FILE F
			complete -c consolefs-sim -l $parts[1] -r -F -d "$parts[3]"
		case '*'
			complete -c consolefs-sim -l $parts[1] -x -d "$parts[3]"
	end
end
complete -c consolefs-sim -l help -d 'print a summary'
complete -c consolefs-sim -l version -d 'print the version'

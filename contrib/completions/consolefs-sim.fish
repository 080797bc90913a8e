# fish completion for consolefs-sim(1).

complete -c consolefs-sim -f
complete -c consolefs-sim -l port -x -d 'Listen on this port (0: any)'
complete -c consolefs-sim -l ready-file -r -F -d 'Write the base URL here once listening'
complete -c consolefs-sim -l ca-file -r -F -d 'Write the certificate that clients must trust'
complete -c consolefs-sim -l instances -x -d 'Machines in each cloud'
complete -c consolefs-sim -l aws-regions -x -d 'Regions of EC2: a,b,...'
complete -c consolefs-sim -l tencent-regions -x -d 'Regions of CVM: a,b,...'
complete -c consolefs-sim -l seed -x -d 'Same seed, same fleet'
complete -c consolefs-sim -l latency -x -d 'Delay every answer, milliseconds'
complete -c consolefs-sim -l rate-scale -x -d 'Times the documented rates (0: no limit)'
complete -c consolefs-sim -l fault -x -d '[CLOUD/]ACTION[@INSTANCE]:KIND: what is to go wrong'
complete -c consolefs-sim -l log -r -F -d 'Append one JSON object per request'
complete -c consolefs-sim -l freeze-clock -d 'Screens show a fixed time and count'
complete -c consolefs-sim -l die-with-parent -d 'End when the starting process does'
complete -c consolefs-sim -l help -d 'Print a summary'
complete -c consolefs-sim -l version -d 'Print the version'

# fish completion for consolefs(1).

# Mount options, and the settings of each cloud, which is a section of the configuration.
function __consolefs_mount_options
	set -l clouds
	for file in $CONSOLEFS_CONFIG ~/.config/consolefs/consolefs.conf /etc/consolefs.conf
		if test -r $file
			set clouds (string replace -rf '^\[(?!consolefs\])([\w.-]+)\].*' '$1' <$file)
			break
		end
	end
	test (count $clouds) -gt 0; or set clouds aws tencent
	printf '%s\n' ro allow_other auto_unmount uid= gid= umask= fsname= config= log_level= consolefs.refuse=
	for cloud in $clouds
		printf "$cloud.%s=\n" backend profile regions filter endpoint ca_file list_ttl timeout rate vnc_page
	end
end

complete -c consolefs -f -a '(__fish_complete_directories (commandline -ct))'
complete -c consolefs -s c -l config -r -F -d 'Read this configuration'
complete -c consolefs -s f -l foreground -d 'Stay in the foreground'
complete -c consolefs -s o -x -a '(__fish_append , (__consolefs_mount_options))' -d 'Mount options'
complete -c consolefs -l log-level -x -a 'error warning info debug' -d 'Say this much'
complete -c consolefs -l check -f -d 'Say what works and which permission is missing'
complete -c consolefs -l check=json -f -d 'The same for machines'
complete -c consolefs -l demo -d 'Mount two simulated clouds'
complete -c consolefs -s V -l version -d 'Print the version'
complete -c consolefs -s h -l help -d 'Print a summary'

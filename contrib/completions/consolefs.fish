# SPDX-License-Identifier: MIT
# fish completion for consolefs(1).

# What `consolefs --backends` prints, asked once in a shell: nothing from a program that does not know the option.
function __consolefs_backends
	set -l program (commandline -opc)[1]
	if not set -q __consolefs_backends_cache[1]; and type -q $program
		set -g __consolefs_backends_cache ($program --backends 2>/dev/null </dev/null)
	end
	string join \n $__consolefs_backends_cache
end

# The sections of the configuration, but for the one that is not a cloud.
function __consolefs_sections
	for file in $CONSOLEFS_CONFIG ~/.config/consolefs/consolefs.conf /etc/consolefs.conf
		if test -r $file
			string replace -rf '^\[(?!consolefs\])([\w.-]+)\].*' '$1' <$file
			return
		end
	end
end

# Mount options, and the settings of each cloud: of the sections there are, else of the backends, which are
# sections then.
function __consolefs_mount_options
	printf '%s\n' ro allow_other auto_unmount uid= gid= umask= fsname= config= log_level= still trust_files consolefs.refuse= consolefs.still_ttl= consolefs.still_max=
	set -l sections (__consolefs_sections)
	set -l settings (__consolefs_backends | string match '*.*')
	if test (count $sections) -eq 0
		string replace \t =\t $settings
		return
	end
	for section in $sections
		string replace -r '^[^.]*(\.[^\t]*)' "$section\$1=" $settings | sort -u
	end
end

complete -c consolefs -f -a '(__fish_complete_directories (commandline -ct))'
complete -c consolefs -s c -l config -r -F -d 'Read this configuration'
complete -c consolefs -s f -l foreground -d 'Stay in the foreground'
complete -c consolefs -s o -x -a '(__fish_append , (__consolefs_mount_options))' -d 'Mount options'
complete -c consolefs -l log-level -x -a 'error warning info debug' -d 'Log this and graver levels'
complete -c consolefs -l check -f -d 'Say what works and which permission is missing'
complete -c consolefs -l check=json -f -d 'The same for programs'
complete -c consolefs -l get -f -d 'Print the files of these paths, without a mount'
complete -c consolefs -l into -x -a '(__fish_complete_directories)' -d 'Put them below this directory'
complete -c consolefs -l list -f -d 'Print the paths that directories show, without a mount'
complete -c consolefs -l wake -f -d 'Wake the displays of the screenshots that are got'
complete -c consolefs -l backends -f -d 'Print the kinds of clouds and their settings'
complete -c consolefs -l demo -d 'Mount simulated clouds'
complete -c consolefs -s V -l version -d 'Print the version'
complete -c consolefs -s h -l help -d 'Print a summary'

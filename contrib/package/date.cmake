# SPDX-License-Identifier: MIT
# Sets $SOURCE_DATE_EPOCH, unless it is set, to when the sources in ${source} were committed: what is made of one commit has
# one date, whenever it is made. Sources without git have the time of a file that archives of them keep.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
	set(date)
	if(EXISTS ${source}/.git)
		execute_process(COMMAND git -c safe.directory=* -C ${source} log -1 --format=%ct
			OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
	endif()
	if(NOT date)
		file(TIMESTAMP ${source}/LICENSE date %s UTC)
	endif()
	set(ENV{SOURCE_DATE_EPOCH} ${date})
endif()

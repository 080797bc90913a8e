# SPDX-License-Identifier: MIT
# Before a package is built: manual pages compressed, as distributions have them, and Debian's changelog and copyright.
file(GLOB tops "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr")
file(GLOB_RECURSE pages "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/share/man/*.[158]")
# Whatever the umask is.
file(CHMOD_RECURSE ${tops} DIRECTORY_PERMISSIONS
	OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
if(NOT pages)
	message(FATAL_ERROR "no manual pages in ${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
endif()
foreach(page ${pages})
	execute_process(COMMAND gzip -9n ${page} COMMAND_ERROR_IS_FATAL ANY)
endforeach()

if(CPACK_GENERATOR STREQUAL DEB)
	string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
	string(TIMESTAMP year %Y UTC)
	foreach(top ${tops})
		cmake_path(GET top PARENT_PATH component)
		cmake_path(GET component FILENAME name)
		set(changelog ${top}/share/doc/${name}/changelog)
		file(WRITE ${changelog} "${name} (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n"
			"  * Built from source by cpack.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
		execute_process(COMMAND gzip -9n ${changelog} COMMAND_ERROR_IS_FATAL ANY)
		# Which has the license.
		file(REMOVE ${top}/share/doc/${name}/LICENSE)
		configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright ${top}/share/doc/${name}/copyright @ONLY)
		file(CHMOD ${changelog}.gz ${top}/share/doc/${name}/copyright
			PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
	endforeach()
endif()

# Files that are older than the commit would keep their time.
execute_process(COMMAND find ${tops} -exec touch -h -d @$ENV{SOURCE_DATE_EPOCH} {} + COMMAND_ERROR_IS_FATAL ANY)

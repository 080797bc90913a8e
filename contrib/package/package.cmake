# SPDX-License-Identifier: MIT
# Packages: `cpack -G DEB` or `cpack -G RPM` in a build directory. Two of each kind, consolefs and
# consolefs-sim, so that a server with the one need not have the graphics libraries of the other.

# Whoever gives packages to others should name an address there.
set(CONSOLEFS_CONTACT "The consolefs contributors <consolefs@packages.invalid>" CACHE STRING
	"Maintainer that packages name")

set(CPACK_PACKAGE_CONTACT ${CONSOLEFS_CONTACT})
set(CPACK_PACKAGE_VENDOR consolefs)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_CMAKE_SOURCE_DIR ${PROJECT_SOURCE_DIR})
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/finish.cmake)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/synopsis.cmake)
set(CPACK_COMPONENTS_ALL consolefs)
if(CONSOLEFS_SIM)
	list(APPEND CPACK_COMPONENTS_ALL consolefs-sim)
endif()
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)

set(summary "consoles of cloud virtual machines as files")
set(about "Mounts the consoles of virtual machines at Amazon EC2 and Tencent Cloud CVM:
the screen of a machine is an image file, its serial log a text file, its VNC
console a link, and writing to a file wakes its display.")
set(sim_summary "simulated EC2 and Tencent CVM for consolefs")
set(sim_about "The part of both clouds' APIs that shows consoles, over HTTPS on loopback. It
lets consolefs be tried without an account, by `consolefs --demo`.")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_CONSOLEFS_PACKAGE_NAME consolefs)
set(CPACK_DEBIAN_CONSOLEFS_DESCRIPTION "${summary}\n${about}")
set(CPACK_DEBIAN_CONSOLEFS_PACKAGE_DEPENDS "ca-certificates, fuse3")
# For consolefs-archive.
set(CPACK_DEBIAN_CONSOLEFS_PACKAGE_RECOMMENDS "python3, rsync")
set(CPACK_DEBIAN_CONSOLEFS_PACKAGE_SUGGESTS consolefs-sim)
set(CPACK_DEBIAN_CONSOLEFS-SIM_PACKAGE_NAME consolefs-sim)
set(CPACK_DEBIAN_CONSOLEFS-SIM_DESCRIPTION "${sim_summary}\n${sim_about}")
set(CPACK_DEBIAN_CONSOLEFS-SIM_PACKAGE_ENHANCES consolefs)

set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE MIT)
# Two builds of one commit are equal: neither the time nor the machine is in them.
set(CPACK_RPM_SPEC_MORE_DEFINE "%define use_source_date_epoch_as_buildtime 1
%define clamp_mtime_to_source_date_epoch 1
%define _buildhost localhost")
set(CPACK_RPM_CONSOLEFS_PACKAGE_NAME consolefs)
set(CPACK_RPM_CONSOLEFS_PACKAGE_SUMMARY ${summary})
set(CPACK_RPM_CONSOLEFS_PACKAGE_DESCRIPTION ${about})
set(CPACK_RPM_CONSOLEFS_PACKAGE_REQUIRES "ca-certificates, fuse3")
set(CPACK_RPM_CONSOLEFS_PACKAGE_SUGGESTS "consolefs-sim, rsync")
set(CPACK_RPM_CONSOLEFS-SIM_PACKAGE_NAME consolefs-sim)
set(CPACK_RPM_CONSOLEFS-SIM_PACKAGE_SUMMARY ${sim_summary})
set(CPACK_RPM_CONSOLEFS-SIM_PACKAGE_DESCRIPTION ${sim_about})
# Directories of other packages.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
	/usr/lib/systemd /usr/lib/systemd/system /usr/lib/systemd/user /usr/sbin
	/usr/share/man /usr/share/man/man1 /usr/share/man/man5 /usr/share/man/man8
	/usr/share/bash-completion /usr/share/bash-completion/completions
	/usr/share/zsh /usr/share/zsh/site-functions
	/usr/share/fish /usr/share/fish/vendor_completions.d)

include(CPack)

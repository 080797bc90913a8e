# SPDX-License-Identifier: MIT
# Read by cpack before each kind of package.

# Of cpack's packages each describes itself, rather than the project first.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")

# Packages of one commit are equal: their files have its date.
set(source ${CPACK_CMAKE_SOURCE_DIR})
include(${CMAKE_CURRENT_LIST_DIR}/date.cmake)

# Dependencies are those of the libraries for which it was built.
if(CPACK_DEBIAN_PACKAGE_ARCHITECTURE)
	set(ENV{DEB_HOST_ARCH} ${CPACK_DEBIAN_PACKAGE_ARCHITECTURE})
endif()

# Of cpack's packages each describes itself, rather than the project first.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")

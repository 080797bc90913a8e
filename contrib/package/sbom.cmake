# SPDX-License-Identifier: MIT
# The libraries that a program needs when it runs, with their versions and licences, as a list in the format SPDX 2.3. It is
# taken from the program itself (DT_NEEDED): a library whose licence is not stated here is an error.
#
#     cmake -D program=FILE -D name=NAME -D version=VERSION -D source=DIR -D readelf=PROGRAM
#         -D versions=PACKAGE=VERSION,... -P sbom.cmake
#
# writes FILE.spdx.json. What we compile in is ours alone: no library is linked statically.
include(${CMAKE_CURRENT_LIST_DIR}/date.cmake)

# The name of a library begins with: the package it is from, that package's licence and page.
set(known
	"libcjson.so|cjson|MIT|https://github.com/DaveGamble/cJSON"
	"libcrypto.so|openssl|Apache-2.0|https://www.openssl.org/"
	"libcurl.so|curl|curl|https://curl.se/"
	"libfuse3.so|fuse3|LGPL-2.1-only|https://github.com/libfuse/libfuse"
	"libgd.so|gd|GD|https://libgd.github.io/"
	"libgnutls.so|gnutls|LGPL-2.1-or-later|https://www.gnutls.org/"
	"libmicrohttpd.so|microhttpd|LGPL-2.1-or-later|https://www.gnu.org/software/libmicrohttpd/"
	"libssl.so|openssl|Apache-2.0|https://www.openssl.org/"
	"libxml2.so|xml2|MIT|https://gitlab.gnome.org/GNOME/libxml2"
	# The C library, and what compilers and their sanitizers need.
	"libc.so|glibc|LGPL-2.1-or-later|https://www.gnu.org/software/libc/"
	"libdl.so|glibc|LGPL-2.1-or-later|https://www.gnu.org/software/libc/"
	"libm.so|glibc|LGPL-2.1-or-later|https://www.gnu.org/software/libc/"
	"libpthread.so|glibc|LGPL-2.1-or-later|https://www.gnu.org/software/libc/"
	"libresolv.so|glibc|LGPL-2.1-or-later|https://www.gnu.org/software/libc/"
	"librt.so|glibc|LGPL-2.1-or-later|https://www.gnu.org/software/libc/"
	"ld-linux|glibc|LGPL-2.1-or-later|https://www.gnu.org/software/libc/"
	"libc.musl|musl|MIT|https://musl.libc.org/"
	"libgcc_s.so|gcc|GPL-3.0-or-later WITH GCC-exception-3.1|https://gcc.gnu.org/"
	"libgcov.so|gcc|GPL-3.0-or-later WITH GCC-exception-3.1|https://gcc.gnu.org/"
	"libasan.so|gcc|Apache-2.0 WITH LLVM-exception|https://gcc.gnu.org/"
	"libtsan.so|gcc|Apache-2.0 WITH LLVM-exception|https://gcc.gnu.org/"
	"libubsan.so|gcc|Apache-2.0 WITH LLVM-exception|https://gcc.gnu.org/")

execute_process(COMMAND ${readelf} -d ${program} OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\\(NEEDED\\)[^\n]*" lines "${dynamic}")
string(REPLACE "," ";" versions "${versions}")

set(packages)
set(relations)
foreach(line ${lines})
	string(REGEX REPLACE ".*\\[(.*)\\].*" "\\1" library "${line}")
	set(row)
	foreach(candidate ${known})
		string(REPLACE "|" ";" fields "${candidate}")
		list(GET fields 0 stem)
		string(FIND ${library} ${stem} at)
		if(at EQUAL 0)
			set(row ${fields})
		endif()
	endforeach()
	if(NOT row)
		message(FATAL_ERROR "${name} needs ${library}: state its licence in contrib/package/sbom.cmake and contrib/doc/licences.md")
	endif()
	list(GET row 1 package)
	list(GET row 2 licence)
	list(GET row 3 page)
	set(package_version)
	foreach(pair ${versions})
		if(pair MATCHES "^${package}=(.+)$")
			set(package_version ${CMAKE_MATCH_1})
		endif()
	endforeach()
	if(NOT package_version)
		set(package_version NOASSERTION)
	endif()
	string(REGEX REPLACE "[^A-Za-z0-9.-]" "-" id ${library})
	string(APPEND packages ",
    {
      \"SPDXID\": \"SPDXRef-${id}\",
      \"name\": \"${package}\",
      \"packageFileName\": \"${library}\",
      \"versionInfo\": \"${package_version}\",
      \"downloadLocation\": \"NOASSERTION\",
      \"homepage\": \"${page}\",
      \"filesAnalyzed\": false,
      \"licenseConcluded\": \"${licence}\",
      \"licenseDeclared\": \"${licence}\",
      \"copyrightText\": \"NOASSERTION\"
    }")
	string(APPEND relations ",
    {
      \"spdxElementId\": \"SPDXRef-${name}\",
      \"relationshipType\": \"DYNAMIC_LINK\",
      \"relatedSpdxElement\": \"SPDXRef-${id}\"
    }")
endforeach()
if(NOT packages)
	message(FATAL_ERROR "${program} needs no library, says ${readelf}")
endif()

string(SHA256 digest "${packages}")
string(SUBSTRING ${digest} 0 16 digest)
string(TIMESTAMP created "%Y-%m-%dT%H:%M:%SZ" UTC)
file(WRITE ${program}.spdx.json "{
  \"spdxVersion\": \"SPDX-2.3\",
  \"dataLicense\": \"CC0-1.0\",
  \"SPDXID\": \"SPDXRef-DOCUMENT\",
  \"name\": \"${name}-${version}\",
  \"documentNamespace\": \"https://spdx.org/spdxdocs/${name}-${version}-${digest}\",
  \"creationInfo\": {
    \"created\": \"${created}\",
    \"creators\": [\"Organization: the consolefs contributors\", \"Tool: contrib/package/sbom.cmake\"]
  },
  \"packages\": [
    {
      \"SPDXID\": \"SPDXRef-${name}\",
      \"name\": \"${name}\",
      \"versionInfo\": \"${version}\",
      \"downloadLocation\": \"NOASSERTION\",
      \"filesAnalyzed\": false,
      \"licenseConcluded\": \"MIT\",
      \"licenseDeclared\": \"MIT\",
      \"copyrightText\": \"Copyright (c) the consolefs contributors\",
      \"primaryPackagePurpose\": \"APPLICATION\"
    }${packages}
  ],
  \"relationships\": [
    {
      \"spdxElementId\": \"SPDXRef-DOCUMENT\",
      \"relationshipType\": \"DESCRIBES\",
      \"relatedSpdxElement\": \"SPDXRef-${name}\"
    }${relations}
  ]
}
")

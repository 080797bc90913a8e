# SPDX-License-Identifier: MIT
# For `cmake --toolchain`: builds for arm64 on another Debian, with Debian's own compiler and libraries of both (multiarch):
#
#     dpkg --add-architecture arm64 && apt-get update
#     apt-get install crossbuild-essential-arm64 cmake ninja-build pkg-config $(sed -n 's/^lib.*-dev$/&:arm64/p' contrib/build-packages)
#     cmake --preset release --toolchain contrib/package/arm64.cmake && cmake --build --preset release
#     cd build/release && cpack -G DEB
#
# What is built for tests runs under qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64)
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)

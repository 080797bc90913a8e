/* SPDX-License-Identifier: MIT */
/*
 * Hexadecimal digits: bytes to digits, and a digit to its value.
 */
#ifndef CFS_BACKENDS_BASE_HEX_H
#define CFS_BACKENDS_BASE_HEX_H

#include <stddef.h>

/* 2 * len lower-case digits, and a NUL. */
void cfs_hex_encode(const unsigned char *bytes, size_t len, char *ret_hex);

/* What a digit of either case stands for, or -1 for any other byte. */
int cfs_hex_value(char digit);

#endif

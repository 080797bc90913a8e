/* SPDX-License-Identifier: MIT */
/*
 * A byte is looked up by its halves, as vector instructions have tables of 16 rows only:
 *
 *     high half   digits            low halves of digits   value - byte
 *     2           + /               b, f                   19 ('/': 16)
 *     3           0 to 9            0 to 9                 4
 *     4           A to O            1 to f                 -65
 *     5           P to Z            0 to a                 -65
 *     6           a to o            1 to f                 -71
 *     7           p to z            0 to a                 -71
 *     others      none              none
 *
 * So there are five classes of high halves. HIGH_CLASS has the bit of each half's class, LOW_BAD the
 * classes to whose digits a low half does not belong; a byte is a digit unless it has a bit in both.
 * '/' takes its row of the last column from high half 1, which no digit has.
 *
 * The method is that of Wojciech Mula and Daniel Lemire, "Faster Base64 Encoding and Decoding Using
 * AVX2 Instructions", ACM Transactions on the Web 12(3), 2018.
 */
#include "backends/base/base64_simd.h"

#include <stdint.h>
#include <string.h>

/* clang-format off */
#define CLASS_2 1
#define CLASS_3 2
#define CLASS_46 4
#define CLASS_57 8
#define CLASS_NONE 16
#define HIGH_CLASS \
	CLASS_NONE, CLASS_NONE, CLASS_2, CLASS_3, CLASS_46, CLASS_57, CLASS_46, CLASS_57, \
	CLASS_NONE, CLASS_NONE, CLASS_NONE, CLASS_NONE, CLASS_NONE, CLASS_NONE, CLASS_NONE, CLASS_NONE
#define LOW_0 (CLASS_NONE | CLASS_2 | CLASS_46)
#define LOW_1_TO_9 (CLASS_NONE | CLASS_2)
#define LOW_A (CLASS_NONE | CLASS_2 | CLASS_3)
#define LOW_B_F (CLASS_NONE | CLASS_3 | CLASS_57)
#define LOW_C_TO_E (CLASS_NONE | CLASS_2 | CLASS_3 | CLASS_57)
#define LOW_BAD \
	LOW_0, LOW_1_TO_9, LOW_1_TO_9, LOW_1_TO_9, LOW_1_TO_9, LOW_1_TO_9, LOW_1_TO_9, LOW_1_TO_9, \
	LOW_1_TO_9, LOW_1_TO_9, LOW_A, LOW_B_F, LOW_C_TO_E, LOW_C_TO_E, LOW_C_TO_E, LOW_B_F
#define TO_VALUE 0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0
/* clang-format on */

#if defined(__x86_64__) || defined(__i386__)

#include <immintrin.h>

/* Of four values in four bytes, 6 bits each, the 24 bits are joined by two multiplications, and then
 * put in the order of the text: the first byte is the highest one of a little-endian number. */
#define JOIN_PAIRS 0x0140     /* the first times 64, plus the second */
#define JOIN_FOURS 0x00011000 /* the first pair times 4096, plus the second */
#define BYTE_ORDER_OF_FOURS 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

__attribute__((target("avx2"))) static size_t decode_avx2(const char *text, size_t len, char *out)
{
	const __m256i high_class = _mm256_setr_epi8(HIGH_CLASS, HIGH_CLASS);
	const __m256i low_bad = _mm256_setr_epi8(LOW_BAD, LOW_BAD);
	const __m256i to_value = _mm256_setr_epi8(TO_VALUE, TO_VALUE);
	const __m256i order = _mm256_setr_epi8(BYTE_ORDER_OF_FOURS, BYTE_ORDER_OF_FOURS);
	const __m256i half = _mm256_set1_epi8(0x0f), slash = _mm256_set1_epi8('/');
	/* Twelve bytes of each lane side by side. */
	const __m256i close_up = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
	size_t done = 0;

	for (; len - done >= 32; done += 32, out += 24) {
		__m256i bytes = _mm256_loadu_si256((const __m256i_u *)(const void *)(text + done));
		__m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half);
		__m256i low = _mm256_and_si256(bytes, half);
		__m256i row = _mm256_add_epi8(high, _mm256_cmpeq_epi8(bytes, slash));

		if (!_mm256_testz_si256(_mm256_shuffle_epi8(high_class, high),
			    _mm256_shuffle_epi8(low_bad, low)))
			break;
		bytes = _mm256_add_epi8(bytes, _mm256_shuffle_epi8(to_value, row));
		bytes = _mm256_maddubs_epi16(bytes, _mm256_set1_epi16(JOIN_PAIRS));
		bytes = _mm256_madd_epi16(bytes, _mm256_set1_epi32(JOIN_FOURS));
		bytes = _mm256_shuffle_epi8(bytes, order);
		bytes = _mm256_permutevar8x32_epi32(bytes, close_up);
		_mm_storeu_si128((__m128i_u *)(void *)out, _mm256_castsi256_si128(bytes));
		_mm_storeu_si64(out + 16, _mm256_extracti128_si256(bytes, 1));
	}
	return done;
}

static bool has_ssse3(void)
{
	return __builtin_cpu_supports("ssse3");
}

__attribute__((target("ssse3"))) static size_t decode_ssse3(const char *text, size_t len, char *out)
{
	const __m128i high_class = _mm_setr_epi8(HIGH_CLASS), low_bad = _mm_setr_epi8(LOW_BAD);
	const __m128i to_value = _mm_setr_epi8(TO_VALUE);
	const __m128i order = _mm_setr_epi8(BYTE_ORDER_OF_FOURS);
	const __m128i half = _mm_set1_epi8(0x0f), slash = _mm_set1_epi8('/');
	size_t done = 0;

	for (; len - done >= 16; done += 16, out += 12) {
		__m128i bytes = _mm_loadu_si128((const __m128i_u *)(const void *)(text + done));
		__m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), half);
		__m128i low = _mm_and_si128(bytes, half);
		__m128i row = _mm_add_epi8(high, _mm_cmpeq_epi8(bytes, slash));
		__m128i bad = _mm_and_si128(
			_mm_shuffle_epi8(high_class, high), _mm_shuffle_epi8(low_bad, low));
		int32_t last;

		if (_mm_movemask_epi8(_mm_cmpeq_epi8(bad, _mm_setzero_si128())) != 0xffff)
			break;
		bytes = _mm_add_epi8(bytes, _mm_shuffle_epi8(to_value, row));
		bytes = _mm_maddubs_epi16(bytes, _mm_set1_epi16(JOIN_PAIRS));
		bytes = _mm_madd_epi16(bytes, _mm_set1_epi32(JOIN_FOURS));
		bytes = _mm_shuffle_epi8(bytes, order);
		_mm_storeu_si64(out, bytes);
		last = _mm_cvtsi128_si32(_mm_srli_si128(bytes, 8));
		memcpy(out + 8, &last, sizeof(last));
	}
	return done;
}

#elif defined(__aarch64__) && defined(__ARM_NEON)

#include <arm_neon.h>

/* Part of every processor of 64 bits, and so of what compilers assume. */
static bool has_neon(void)
{
	return true;
}

/* The values of 16 bytes. What is wrong with them is added to *bad. */
static inline uint8x16_t values_neon(uint8x16_t bytes, uint8x16_t *bad)
{
	static const uint8_t high_class[16] = {HIGH_CLASS}, low_bad[16] = {LOW_BAD};
	static const int8_t to_value[16] = {TO_VALUE};
	uint8x16_t high = vshrq_n_u8(bytes, 4), low = vandq_u8(bytes, vdupq_n_u8(0x0f));
	uint8x16_t row = vaddq_u8(high, vceqq_u8(bytes, vdupq_n_u8('/')));

	*bad = vorrq_u8(*bad,
		vandq_u8(vqtbl1q_u8(vld1q_u8(high_class), high),
			vqtbl1q_u8(vld1q_u8(low_bad), low)));
	return vaddq_u8(bytes, vreinterpretq_u8_s8(vqtbl1q_s8(vld1q_s8(to_value), row)));
}

/* Loading and storing put the first of each four digits into one vector, the second into another,
 * and so on; the same with three bytes. */
static size_t decode_neon(const char *text, size_t len, char *out)
{
	size_t done = 0;

	for (; len - done >= 64; done += 64, out += 48) {
		uint8x16x4_t digits = vld4q_u8((const uint8_t *)text + done);
		uint8x16_t bad = vdupq_n_u8(0);
		uint8x16x3_t bytes;

		for (int i = 0; i < 4; i++)
			digits.val[i] = values_neon(digits.val[i], &bad);
		if (vmaxvq_u8(bad) != 0)
			break;
		bytes.val[0] = vorrq_u8(vshlq_n_u8(digits.val[0], 2), vshrq_n_u8(digits.val[1], 4));
		bytes.val[1] = vorrq_u8(vshlq_n_u8(digits.val[1], 4), vshrq_n_u8(digits.val[2], 2));
		bytes.val[2] = vorrq_u8(vshlq_n_u8(digits.val[2], 6), digits.val[3]);
		vst3q_u8((uint8_t *)out, bytes);
	}
	return done;
}

#endif

const struct cfs_base64_simd cfs_base64_simds[] = {
#if defined(__x86_64__) || defined(__i386__)
	{"avx2", has_avx2, decode_avx2},
	{"ssse3", has_ssse3, decode_ssse3},
#elif defined(__aarch64__) && defined(__ARM_NEON)
	{"neon", has_neon, decode_neon},
#endif
	{0},
};

size_t cfs_base64_simd_decode(const char *text, size_t len, char *out)
{
	for (const struct cfs_base64_simd *simd = cfs_base64_simds; simd->name; simd++) {
		if (simd->supported())
			return simd->decode(text, len, out);
	}
	return 0;
}

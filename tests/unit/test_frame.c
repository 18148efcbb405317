/* SPDX-License-Identifier: Apache-2.0 */
/* frame: what is taken off the wire, and what goes back. */
#include "dns/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAYLOAD = 33, SIZE = 256, MAX_PATCHES = 5 };

enum sums {
	RIGHT,
	LEFT_TO_HARDWARE, /* the pseudo-header's alone */
	NO_SUM,
	WRONG_UDP,
	WRONG_HEADER,
};

/* An octet of the IP header or behind, set before the sums are made. */
struct patch {
	uint8_t at, value;
};

/* clang-format off */
static const uint8_t us[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t them[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t v4_ends[] = { 198, 51, 100, 7, 192, 0, 2, 53 };
static const uint8_t v6_ends[] = {
	0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7,
	0x20, 1, 0xd, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 53,
};

static const struct row {
	const char *title;
	bool v6;
	size_t tags;
	enum sums sums;
	struct patch patches[MAX_PATCHES];
	size_t cut, pad; /* octets less, more at the end */
	bool taken;
} rows[] = {
	{ "IPv4",                        0, 0, RIGHT, {{0}}, 0, 0, true },
	{ "IPv4, VLAN",                  0, 1, RIGHT, {{0}}, 0, 0, true },
	{ "IPv4, QinQ",                  0, 2, RIGHT, {{0}}, 0, 0, true },
	{ "IPv4, three tags",            0, 3, RIGHT, {{0}}, 0, 0, false },
	{ "IPv6",                        1, 0, RIGHT, {{0}}, 0, 0, true },
	{ "IPv6, VLAN",                  1, 1, RIGHT, {{0}}, 0, 0, true },
	{ "IPv6, QinQ",                  1, 2, RIGHT, {{0}}, 0, 0, true },
	{ "IPv6, three tags",            1, 3, RIGHT, {{0}}, 0, 0, false },

	{ "IPv4, sum left to hardware",  0, 0, LEFT_TO_HARDWARE, {{0}}, 0, 0, true },
	{ "IPv6, sum left to hardware",  1, 0, LEFT_TO_HARDWARE, {{0}}, 0, 0, true },
	{ "IPv4, no UDP sum",            0, 0, NO_SUM, {{0}}, 0, 0, true },
	{ "IPv6, no UDP sum",            1, 0, NO_SUM, {{0}}, 0, 0, false },
	{ "IPv4, wrong UDP sum",         0, 0, WRONG_UDP, {{0}}, 0, 0, false },
	{ "IPv6, wrong UDP sum",         1, 0, WRONG_UDP, {{0}}, 0, 0, false },
	{ "IPv4, wrong header sum",      0, 0, WRONG_HEADER, {{0}}, 0, 0, false },

	{ "IPv4, padded by the link",    0, 0, RIGHT, {{0}}, 0, 18, true },
	{ "IPv6, padded by the link",    1, 0, RIGHT, {{0}}, 0, 18, true },
	{ "IPv4, an octet is missing",   0, 0, RIGHT, {{0}}, 1, 0, false },
	{ "IPv6, an octet is missing",   1, 0, RIGHT, {{0}}, 1, 0, false },
	{ "IPv4, version 5",             0, 0, RIGHT, {{0, 0x55}}, 0, 0, false },
	{ "IPv4, options",               0, 0, RIGHT, {{0, 0x46}}, 0, 0, false },
	{ "IPv4, header too short",      0, 0, RIGHT, {{0, 0x44}}, 0, 0, false },
	{ "IPv4, class and DF mean nothing", 0, 0, RIGHT,
	  {{1, 0xff}, {6, 0x40}}, 0, 0, true },
	{ "IPv4, more fragments",        0, 0, RIGHT, {{6, 0x20}}, 0, 0, false },
	{ "IPv4, a later fragment",      0, 0, RIGHT, {{7, 1}}, 0, 0, false },
	{ "IPv4, length of the header alone", 0, 0, RIGHT, {{3, 20}}, 0, 0, false },
	{ "IPv4, length below the header", 0, 0, RIGHT, {{3, 19}}, 0, 0, false },
	{ "IPv4, length cuts UDP's header", 0, 0, RIGHT, {{3, 24}}, 37, 0, false },
	{ "IPv4, TCP",                   0, 0, RIGHT, {{9, 6}}, 0, 0, false },
	{ "IPv6, version 4",             1, 0, RIGHT, {{0, 0x45}}, 0, 0, false },
	{ "IPv6, class and flow mean nothing", 1, 0, RIGHT,
	  {{0, 0x6f}, {1, 0xff}, {3, 7}}, 0, 0, true },
	{ "IPv6, fragment header",       1, 0, RIGHT, {{6, 44}}, 0, 0, false },
	{ "IPv6, length 0",              1, 0, RIGHT, {{5, 0}}, 0, 0, false },
	{ "IPv6, length below UDP's",    1, 0, RIGHT, {{5, 7}}, 0, 0, false },

	{ "IPv6, length cuts UDP's header", 1, 0, RIGHT, {{5, 4}}, 37, 0, false },

	{ "UDP shorter than IP says",    0, 0, RIGHT, {{25, 8 + 20}}, 0, 0, true },
	{ "UDP longer than IP says",     0, 0, RIGHT, {{25, 8 + 34}}, 0, 9, false },
	{ "UDP of no payload",           0, 0, RIGHT, {{25, 8}}, 0, 0, true },
	{ "UDP shorter than its header", 0, 0, NO_SUM, {{25, 7}}, 0, 0, false },
	{ "UDP of length 0",             0, 0, NO_SUM, {{25, 0}}, 0, 0, false },
	{ "IPv6, UDP longer than IP says", 1, 0, RIGHT, {{45, 8 + 34}}, 0, 9, false },
	{ "from port 0",                 0, 0, RIGHT, {{20, 0}, {21, 0}}, 0, 0, false },
	{ "to port 0",                   0, 0, RIGHT, {{22, 0}, {23, 0}}, 0, 0, false },
	{ "IPv6, from port 0",           1, 0, RIGHT, {{40, 0}, {41, 0}}, 0, 0, false },

	{ "from 0.51.100.7",             0, 0, RIGHT, {{12, 0}}, 0, 0, false },
	{ "from 127.51.100.7",           0, 0, RIGHT, {{12, 127}}, 0, 0, false },
	{ "from 223.51.100.7",           0, 0, RIGHT, {{12, 223}}, 0, 0, true },
	{ "from 224.51.100.7, a group",  0, 0, RIGHT, {{12, 224}}, 0, 0, false },
	{ "from 255.51.100.7",           0, 0, RIGHT, {{12, 255}}, 0, 0, false },
	{ "to a group",                  0, 0, RIGHT, {{16, 224}}, 0, 0, false },
	{ "from itself",                 0, 0, RIGHT,
	  {{16, 198}, {17, 51}, {18, 100}, {19, 7}}, 0, 0, false },
	{ "IPv6, from itself",           1, 0, RIGHT,
	  {{29, 1}, {39, 7}}, 0, 0, false },
	{ "IPv6, from a group",          1, 0, RIGHT, {{8, 0xff}}, 0, 0, false },
	{ "IPv6, to a group",            1, 0, RIGHT, {{24, 0xff}}, 0, 0, false },
	{ "IPv6, from ::7",              1, 0, RIGHT,
	  {{8, 0}, {9, 0}, {10, 0}, {11, 0}, {13, 0}}, 0, 0, false },
	{ "IPv6, from link-local",       1, 0, RIGHT, {{8, 0xfe}, {9, 0x80}}, 0, 0, true },
};
/* clang-format on */

/* The sum of RFC 1071 as its C code has it, octet by octet. */
static uint32_t add(uint32_t sum, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)octets[i] << (i % 2 == 0 ? 8 : 0);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void set16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)(at[0] << 8 | at[1]);
}

static uint32_t pseudo(const uint8_t *ip, bool v6, unsigned udp_len)
{
	uint32_t sum = v6 ? add(0, ip + 8, 32) : add(0, ip + 12, 8);

	return sum + 17 + udp_len;
}

static void set_sums(uint8_t *ip, const struct row *row)
{
	uint8_t *udp = ip + (row->v6 ? 40 : 20);
	unsigned len = get16(udp + 4);
	uint32_t sum = pseudo(ip, row->v6, len);

	if (!row->v6)
		set16(ip + 10, (uint16_t)~fold(add(0, ip, 20)) ^
				       (row->sums == WRONG_HEADER));
	if (row->sums == NO_SUM)
		return;
	if (row->sums == LEFT_TO_HARDWARE)
		set16(udp + 6, fold(sum));
	else
		set16(udp + 6, (uint16_t)~fold(add(sum, udp, len)) ^
				       (row->sums == WRONG_UDP));
}

/* Into frame, of SIZE octets; its length. */
static size_t make(const struct row *row, uint8_t *frame)
{
	size_t at = 12, udp_len = 8 + PAYLOAD;
	uint8_t *ip, *udp;

	memset(frame, 0, SIZE);
	memcpy(frame, us, 6);
	memcpy(frame + 6, them, 6);
	for (size_t i = 0; i < row->tags; i++, at += 4) {
		set16(frame + at, i + 1 < row->tags ? 0x88a8 : 0x8100);
		set16(frame + at + 2, 0xa000 | (unsigned)(100 + i));
	}
	set16(frame + at, row->v6 ? 0x86dd : 0x0800);
	ip = frame + at + 2;
	udp = ip + (row->v6 ? 40 : 20);
	if (row->v6) {
		ip[0] = 0x60;
		set16(ip + 4, (unsigned)udp_len);
		ip[6] = 17;
		ip[7] = 9;
		memcpy(ip + 8, v6_ends, sizeof(v6_ends));
	} else {
		ip[0] = 0x45;
		set16(ip + 2, (unsigned)(20 + udp_len));
		ip[8] = 9;
		ip[9] = 17;
		memcpy(ip + 12, v4_ends, sizeof(v4_ends));
	}
	set16(udp, 4242);
	set16(udp + 2, 53);
	set16(udp + 4, (unsigned)udp_len);
	for (size_t i = 0; i < PAYLOAD; i++)
		udp[8 + i] = (uint8_t)(i * 37 + 200);
	for (size_t i = 0; i < MAX_PATCHES; i++)
		if (row->patches[i].at + row->patches[i].value > 0)
			ip[row->patches[i].at] = row->patches[i].value;
	set_sums(ip, row);
	return (size_t)(udp - frame) + udp_len - row->cut + row->pad;
}

/* In memory of their own, so that nothing behind them is read. */
static void test_what_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t octets[SIZE], *copy;
		size_t len = make(&rows[i], octets);
		struct frame frame;

		print_message("# %s\n", rows[i].title);
		copy = malloc(len);
		memcpy(copy, octets, len);
		assert_int_equal(frame_parse(copy, len, &frame), rows[i].taken);
		free(copy);
	}
}

static void test_other_types(void **state)
{
	static const unsigned types[] = { 0, 0x0806, 0x0801, 0x9100, 0xffff };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		uint8_t octets[SIZE];
		size_t len = make(&rows[0], octets);
		struct frame frame;

		set16(octets + 12, types[i]);
		assert_false(frame_parse(octets, len, &frame));
	}
}

/* Every cut of a good frame is refused. */
static void test_cuts(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++) {
		uint8_t octets[SIZE];
		size_t len = make(&rows[i], octets);
		struct frame frame;

		for (size_t cut = 0; cut < len; cut++)
			assert_false(frame_parse(octets, cut, &frame));
	}
}

static void test_what_is_read(void **state)
{
	uint8_t octets[SIZE];
	struct frame frame;
	struct net_addr asked;
	uint16_t port;
	const struct row v4 = { .tags = 1 }, v6 = { .v6 = true };
	size_t len = make(&v4, octets);

	(void)state;
	assert_true(frame_parse(octets, len, &frame));
	assert_int_equal(frame.network, 18);
	assert_int_equal(frame.payload, 46);
	assert_int_equal(frame.payload_len, PAYLOAD);
	frame_asked(&frame, octets, &asked, &port);
	assert_int_equal(frame.source.family, NET_V4);
	assert_memory_equal(frame.source.octets, v4_ends, 4);
	assert_int_equal(asked.family, NET_V4);
	assert_memory_equal(asked.octets, v4_ends + 4, 4);
	assert_int_equal(frame.source_port, 4242);
	assert_int_equal(port, 53);
	assert_int_equal(frame_room(&frame, 1500), 1472);
	assert_int_equal(frame_room(&frame, 28), 0);
	assert_int_equal(frame_room(&frame, 3), 0);

	len = make(&v6, octets);
	assert_true(frame_parse(octets, len, &frame));
	assert_int_equal(frame.payload, 62);
	frame_asked(&frame, octets, &asked, &port);
	assert_int_equal(frame.source.family, NET_V6);
	assert_memory_equal(frame.source.octets, v6_ends, 16);
	assert_int_equal(asked.family, NET_V6);
	assert_memory_equal(asked.octets, v6_ends + 16, 16);
	assert_int_equal(port, 53);
	assert_int_equal(frame_room(&frame, 1280), 1232);
}

static void check_v4(const uint8_t *ip, size_t len)
{
	static const uint8_t begin[] = { 0x45, 0 };
	static const uint8_t middle[] = { 0xab, 0xcd, 0, 0, 64, 17 };

	assert_memory_equal(ip, begin, 2);
	assert_int_equal(get16(ip + 2), len);
	assert_memory_equal(ip + 4, middle, sizeof(middle));
	assert_memory_equal(ip + 12, v4_ends + 4, 4);
	assert_memory_equal(ip + 16, v4_ends, 4);
	assert_int_equal(fold(add(0, ip, 20)), 0xffff);
}

static void check_v6(const uint8_t *ip, size_t len)
{
	static const uint8_t begin[] = { 0x60, 0, 0, 0 };

	assert_memory_equal(ip, begin, 4);
	assert_int_equal(get16(ip + 4), len - 40);
	assert_int_equal(ip[6], 17);
	assert_int_equal(ip[7], 64);
	assert_memory_equal(ip + 8, v6_ends + 16, 16);
	assert_memory_equal(ip + 24, v6_ends, 16);
}

/* Answers of every length up to a good many: sums of odd ones, too. */
static void test_what_goes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++) {
		const struct row *row = &rows[i];
		uint8_t asked[SIZE], out[SIZE + 64];
		size_t len = make(row, asked), tags = 4 * row->tags;
		struct frame frame;

		if (!row->taken)
			continue;
		assert_true(frame_parse(asked, len, &frame));
		for (size_t n = 0; n < 100; n++) {
			uint8_t *ip = out + frame.network;
			uint8_t *udp = out + frame.payload - 8;

			memset(out, 0xee, sizeof(out));
			for (size_t k = 0; k < n; k++)
				udp[8 + k] = (uint8_t)(k * 91 + n);
			len = frame_answer(&frame, asked, out, n, 0xabcd);
			assert_int_equal(len, frame.payload + n);
			assert_int_equal(out[len], 0xee);
			assert_memory_equal(out, them, 6);
			assert_memory_equal(out + 6, us, 6);
			assert_memory_equal(out + 12, asked + 12, tags + 2);
			if (row->v6)
				check_v6(ip, len - frame.network);
			else
				check_v4(ip, len - frame.network);
			assert_int_equal(get16(udp), 53);
			assert_int_equal(get16(udp + 2), 4242);
			assert_int_equal(get16(udp + 4), 8 + n);
			assert_int_not_equal(get16(udp + 6), 0);
			assert_int_equal(fold(add(pseudo(ip, row->v6,
							 (unsigned)(8 + n)),
						  udp, 8 + n)),
					 0xffff);
			for (size_t k = 0; k < n; k++)
				assert_int_equal(udp[8 + k],
						 (uint8_t)(k * 91 + n));
		}
	}
}

/* RFC 768: a sum of 0 says that there is none, so it is sent as its other
 * form.  Among all values of two octets there is one that makes it 0. */
static void test_a_sum_of_zero(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i += 4) {
		uint8_t asked[SIZE], out[SIZE];
		size_t len = make(&rows[i], asked), others = 0;
		struct frame frame;

		assert_true(frame_parse(asked, len, &frame));
		for (unsigned value = 0; value <= 0xffff; value++) {
			set16(out + frame.payload, value);
			frame_answer(&frame, asked, out, 2, 0);
			others += get16(out + frame.payload - 2) == 0xffff;
			assert_int_not_equal(get16(out + frame.payload - 2), 0);
		}
		assert_true(others > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_taken),
		cmocka_unit_test(test_other_types),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_what_is_read),
		cmocka_unit_test(test_what_goes_back),
		cmocka_unit_test(test_a_sum_of_zero),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}

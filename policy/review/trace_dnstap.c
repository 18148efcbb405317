/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dnstap form of a trace: see policy/review/trace.h.
 *
 * Of dnstap.proto these few fields are read, by what protocol buffers say of
 * their wire: whoever builds without libfstrm and protobuf-c can review what
 * others wrote.
 *
 * Source: Protocol Buffers, Encoding; Frame Streams.
 */
#include "policy/base/error.h"
#include "policy/review/trace_impl.h"

#include <string.h>

enum {
	CONTROL_MAX = 512,
	CONTROL_START = 2,
	FIELD_CONTENT_TYPE = 1,
	/* of dnstap.proto: Dnstap, and Message */
	DNSTAP_MESSAGE = 14,
	MESSAGE_TYPE = 1,
	MESSAGE_QUERY_ADDRESS = 4,
	MESSAGE_QUERY_TIME_SEC = 8,
	MESSAGE_QUERY_TIME_NSEC = 9,
	MESSAGE_QUERY_MESSAGE = 10,
	TYPE_AUTH_QUERY = 1,
	TYPE_CLIENT_QUERY = 5,
};

static const char content_type[] = "protobuf:dnstap.Dnstap";

/* Of a message in the wire form of protocol buffers. */
struct field {
	uint32_t number;
	uint64_t value;           /* of a number */
	struct trace_part octets; /* of anything else; at NULL: a number */
};

static bool take_varint(struct trace_part *rest, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; shift < 64 && rest->len > 0; shift += 7) {
		uint8_t octet = *rest->at++;

		rest->len--;
		*out |= (uint64_t)(octet & 0x7f) << shift;
		if (octet < 0x80)
			return true;
	}
	return false;
}

/* Low octets come first. */
static bool take_fixed(struct trace_part *rest, size_t len, uint64_t *out)
{
	if (rest->len < len)
		return false;
	*out = 0;
	for (size_t i = len; i > 0; i--)
		*out = *out << 8 | rest->at[i - 1];
	rest->at += len;
	rest->len -= len;
	return true;
}

static bool take_octets(struct trace_part *rest, struct trace_part *out)
{
	uint64_t len;

	if (!take_varint(rest, &len) || len > rest->len)
		return false;
	*out = (struct trace_part){ rest->at, (size_t)len };
	rest->at += len;
	rest->len -= (size_t)len;
	return true;
}

/* False when there is none that can be read. */
static bool take_field(struct trace_part *rest, struct field *out)
{
	uint64_t key;

	*out = (struct field){ .number = 0 };
	if (!take_varint(rest, &key) || key >> 3 > UINT32_MAX)
		return false;
	out->number = (uint32_t)(key >> 3);
	switch (key & 7) {
	case 0:
		return take_varint(rest, &out->value);
	case 1:
		return take_fixed(rest, 8, &out->value);
	case 2:
		return take_octets(rest, &out->octets);
	case 5:
		return take_fixed(rest, 4, &out->value);
	default: /* groups, which nobody writes any more */
		return false;
	}
}

struct message {
	uint64_t type, s, ns;
	struct trace_part address, query;
};

/* False when it makes no sense. */
static bool read_message(struct trace_part rest, struct message *out)
{
	struct field f;

	*out = (struct message){ .type = 0 };
	while (rest.len > 0) {
		if (!take_field(&rest, &f))
			return false;
		switch (f.number) {
		case MESSAGE_TYPE:
			out->type = f.value;
			break;
		case MESSAGE_QUERY_ADDRESS:
			out->address = f.octets;
			break;
		case MESSAGE_QUERY_TIME_SEC:
			out->s = f.value;
			break;
		case MESSAGE_QUERY_TIME_NSEC:
			out->ns = f.value;
			break;
		case MESSAGE_QUERY_MESSAGE:
			out->query = f.octets;
			break;
		default:
			break;
		}
	}
	return out->type != 0;
}

static void put_message(struct trace *t, const struct message *m)
{
	struct trace_sender sender = { .sure = true };

	if ((m->type != TYPE_AUTH_QUERY && m->type != TYPE_CLIENT_QUERY) ||
	    m->query.at == NULL) {
		t->tally->others++;
		return;
	}
	if (m->address.len != 4 && m->address.len != 16) {
		trace_bad(t, "a query that tells no address");
		return;
	}
	sender.client.family = m->address.len == 4 ? NET_V4 : NET_V6;
	memcpy(sender.client.octets, m->address.at, m->address.len);
	if (m->s < UINT32_MAX && m->ns < 1000000000)
		sender.wall_ms =
			(int64_t)m->s * 1000 + (int64_t)(m->ns / 1000000);
	trace_put_message(t, &sender, &m->query);
}

static void put_frame(struct trace *t, size_t len)
{
	struct trace_part rest = { t->record, len }, inner = { .at = NULL };
	struct message message;
	struct field f;

	while (rest.len > 0) {
		if (!take_field(&rest, &f)) {
			trace_bad(t, "a frame that is no dnstap");
			return;
		}
		if (f.number == DNSTAP_MESSAGE)
			inner = f.octets;
	}
	if (inner.at == NULL)
		t->tally->others++;
	else if (read_message(inner, &message))
		put_message(t, &message);
	else
		trace_bad(t, "a message that is no dnstap");
}

/* Does the START in record, of len octets, name another content? */
static bool is_foreign(const struct trace *t, size_t len)
{
	size_t at = 4;

	while (len - at >= 8) {
		uint32_t kind = trace_u32(t->record + at);
		uint32_t octets = trace_u32(t->record + at + 4);

		at += 8;
		if (octets > len - at)
			return true;
		if (kind == FIELD_CONTENT_TYPE &&
		    (octets != sizeof(content_type) - 1 ||
		     memcmp(t->record + at, content_type, octets) != 0))
			return true;
		at += octets;
	}
	return false;
}

/* Behind its escape.  False with err set. */
static bool read_control(struct trace *t)
{
	uint32_t len;

	if (trace_fill(t, 4) != 1) {
		error_set(t->err, "it ends in the midst of a control frame");
		return false;
	}
	len = trace_u32(t->record);
	if (len < 4 || len > CONTROL_MAX || trace_fill(t, len) != 1) {
		error_set(t->err, "neither text nor pcap nor Frame Streams");
		return false;
	}
	if (trace_u32(t->record) != CONTROL_START || !is_foreign(t, len))
		return true;
	error_set(t->err, "Frame Streams of something else than dnstap");
	return false;
}

bool trace_read_dnstap(struct trace *t)
{
	int got;

	if (!read_control(t))
		return false;
	while (!t->out_of_room && (got = trace_fill(t, 4)) != 0) {
		uint32_t len = got < 0 ? 1 : trace_u32(t->record);

		if (len == 0) {
			if (!read_control(t))
				return false;
			continue;
		}
		t->number++;
		if (len > TRACE_RECORD_MAX) {
			error_set(t->err,
				  "frame %llu is said to have %u octets: the "
				  "file is damaged",
				  (unsigned long long)t->number, (unsigned)len);
			return false;
		}
		if (got < 0 || trace_fill(t, len) != 1) {
			trace_bad(t, "the file ends in the midst of it");
			break;
		}
		put_frame(t, len);
	}
	return true;
}

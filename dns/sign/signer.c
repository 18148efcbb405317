/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signature's time is a function of its content and of now alone.  Let turn
 * be validity less refresh.  Each content has a place in the turn, by its
 * digest; its signature begins when the clock last passed that place:
 *
 *          begins         now                 is due           expires
 *     --------|------------|---------------------|----------------|----->
 *             |<----------------- turn --------->|<-- refresh --->|
 *
 * So renewals are spread over a turn from the first build on, two responders
 * make the same ones, and a clock that is put back or forward finds signatures
 * that hold at the new time.  Places are few, that a build renews many.
 */
#include "dns/sign/signer.h"

#include "dns/name.h"
#include "dns/query.h"
#include "dns/rrset.h"
#include "dns/sign/canon.h"
#include "dns/sign/shelf.h"
#include "dns/wire.h"
#include "dns/zone.h"
#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/keys/keyring.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

enum {
	PLACES = 128,            /* in a turn */
	BACKDATED_S = 3600,      /* for validators whose clocks are slow */
	RRSIG_FIXED_OCTETS = 18, /* RFC 4034, 3.1, before the signer's name */
	RRSIG_ALGORITHM_AT = 2,
	RRSIG_EXPIRATION_AT = 8,
	RRSIG_INCEPTION_AT = 12,
	RRSIG_TAG_AT = 16,
	RR_SIGNED_OCTETS = 10, /* TYPE, CLASS, TTL, RDLENGTH */
};

struct signer {
	struct keyring *ring; /* owned; NULL before the first build */
	uint8_t (*digests)[SHELF_ID_OCTETS]; /* owned: of each key's RDATA */
	struct name zone;
	struct policy_dnssec dnssec;
	uint32_t ttl_s;  /* of the records at the apex */
	int64_t now_s;   /* what signatures are made for */
	int64_t roles_s; /* when the keys had the roles they have now */
	struct shelf shelf;
	uint8_t *octets; /* owned: what is signed; room for cap */
	size_t cap;
	struct sign_rdata *sorted; /* owned; room for sorted_cap */
	size_t sorted_cap;
	uint64_t made;
	int64_t due_s; /* of the build under way, as is span */
	struct sign_span span, ended;
};

static void out_of_memory(struct errors *errs)
{
	errors_add(errs, CODE_MEMORY, (struct place){ 0 },
		   "out of memory for signatures");
}

struct signer *signer_new(void)
{
	return calloc(1, sizeof(struct signer));
}

void signer_free(struct signer *signer)
{
	if (signer == NULL)
		return;
	keyring_free(signer->ring);
	free(signer->digests);
	shelf_fini(&signer->shelf);
	free(signer->octets);
	free(signer->sorted);
	free(signer);
}

static bool take_keys(struct signer *signer, struct keyring *ring,
		      struct errors *errs)
{
	void *digests = calloc(ring->count, sizeof(signer->digests[0]));

	if (digests == NULL) {
		out_of_memory(errs);
		return false;
	}
	free(signer->digests);
	signer->digests = digests;
	for (size_t i = 0; i < ring->count; i++)
		SHA256(ring->keys[i].rdata, ring->keys[i].rdata_len,
		       signer->digests[i]);
	keyring_free(signer->ring);
	signer->ring = ring;
	return true;
}

static void start_build(struct signer *signer, int64_t now_s, int64_t due_s)
{
	signer->now_s = now_s;
	signer->due_s = due_s;
	signer->span = (struct sign_span){ 0, INT64_MAX };
}

bool signer_begin(struct signer *signer, const struct policy_zone *zone,
		  int64_t now_s, struct errors *errs)
{
	struct keyring *ring =
		keyring_open(zone->dnssec.keys, zone->name, errs);
	struct name name;

	if (ring == NULL)
		return false;
	if (!name_from_text(zone->name, &name) ||
	    !keyring_judge(ring, now_s, zone->at, errs) ||
	    (signer->ended.until_s != 0 &&
	     !keyring_succeeds(ring, signer->ring, now_s, errs)) ||
	    !take_keys(signer, ring, errs)) {
		keyring_free(ring);
		return false;
	}
	signer->zone = name;
	signer->dnssec = zone->dnssec;
	signer->ttl_s = zone->ttl_s;
	signer->roles_s = now_s;
	start_build(signer, now_s, keyring_next(ring, now_s));
	return true;
}

bool signer_resume(struct signer *signer, const struct policy_zone *zone,
		   int64_t now_s)
{
	if (signer->ring == NULL)
		return false;
	signer->dnssec = zone->dnssec;
	signer->ttl_s = zone->ttl_s;
	start_build(signer, now_s, INT64_MAX);
	return true;
}

/* The records of the apex, as they grow. */
struct apex {
	const struct signer *signer;
	struct arena *arena;
	struct record *list;
	size_t count;
};

static bool add_record(struct apex *apex, uint16_t type, const uint8_t *rdata,
		       uint16_t len)
{
	const struct signer *signer = apex->signer;
	struct record *r = &apex->list[apex->count++];

	*r = (struct record){
		.owner = arena_alloc(apex->arena, signer->zone.len, 1),
		.owner_len = signer->zone.len,
		.rdata = arena_alloc(apex->arena, len, 1),
		.rdata_len = len,
		.type = type,
		.ttl_s = signer->ttl_s,
	};
	if (r->owner == NULL || r->rdata == NULL)
		return false;
	memcpy(r->owner, signer->zone.octets, signer->zone.len);
	memcpy(r->rdata, rdata, len);
	return true;
}

/* What one key has there. */
static bool add_key(struct apex *apex, const struct dnskey *key)
{
	const struct signer *signer = apex->signer;
	uint8_t ds[DNSKEY_DS_OCTETS];

	if (!dnskey_is_published(key, signer->roles_s))
		return true;
	if (!add_record(apex, TYPE_DNSKEY, key->rdata, key->rdata_len))
		return false;
	if (signer->dnssec.cds != CDS_AUTO ||
	    !dnskey_is_synced(key, signer->roles_s))
		return true;
	dnskey_ds(key, signer->zone.octets, signer->zone.len, ds);
	return add_record(apex, TYPE_CDS, ds, sizeof(ds)) &&
	       add_record(apex, TYPE_CDNSKEY, key->rdata, key->rdata_len);
}

/* RFC 8078, 4: algorithm 0 asks for no DS at all. */
static bool add_delete(struct apex *apex)
{
	static const uint8_t cds[] = { 0, 0, 0, 0, 0 };
	static const uint8_t cdnskey[] = { 0, 0, 3, 0, 0 };

	return add_record(apex, TYPE_CDS, cds, sizeof(cds)) &&
	       add_record(apex, TYPE_CDNSKEY, cdnskey, sizeof(cdnskey));
}

bool signer_records(const struct signer *signer, struct arena *arena,
		    struct record **out, size_t *count)
{
	struct apex apex = {
		.signer = signer,
		.arena = arena,
		.list = arena_alloc(arena, 3 * signer->ring->count + 2,
				    sizeof(struct record)),
	};

	if (apex.list == NULL)
		return false;
	for (size_t i = 0; i < signer->ring->count; i++)
		if (!add_key(&apex, &signer->ring->keys[i]))
			return false;
	if (signer->dnssec.cds == CDS_DELETE && !add_delete(&apex))
		return false;
	*out = apex.list;
	*count = apex.count;
	return true;
}

/* Room for what is signed of request, and for its records in order. */
static bool make_room(struct signer *signer, const struct sign_request *request)
{
	size_t need = RRSIG_FIXED_OCTETS + signer->zone.len;

	for (size_t i = 0; i < request->count; i++)
		need += (size_t)request->owner_len + RR_SIGNED_OCTETS +
			request->rdata[i].len;
	/* Twice: the records are put in order beside where they will be. */
	need *= 2;
	if (need > signer->cap) {
		uint8_t *octets = realloc(signer->octets, need);

		if (octets == NULL)
			return false;
		signer->octets = octets;
		signer->cap = need;
	}
	if (request->count > signer->sorted_cap) {
		void *sorted =
			realloc(signer->sorted,
				request->count * sizeof(signer->sorted[0]));

		if (sorted == NULL)
			return false;
		signer->sorted = sorted;
		signer->sorted_cap = request->count;
	}
	return true;
}

/* In the second half of the octets; returns how many there are. */
static size_t sort_rdata(struct signer *signer,
			 const struct sign_request *request)
{
	uint8_t *at = signer->octets + signer->cap / 2;

	for (size_t i = 0; i < request->count; i++) {
		const struct sign_rdata *rdata = &request->rdata[i];

		if (rdata->len > 0)
			memcpy(at, rdata->octets, rdata->len);
		canon_rdata(request->type, at, rdata->len);
		signer->sorted[i] = (struct sign_rdata){ at, rdata->len };
		at += rdata->len;
	}
	return canon_sort(signer->sorted, request->count);
}

/* RFC 4034, 3.1.3: neither the root nor a leading asterisk counts. */
static uint8_t count_labels(const uint8_t *owner, size_t len)
{
	uint8_t labels = 0;

	for (size_t at = 0; at < len && owner[at] != 0; at += 1u + owner[at])
		labels++;
	return len > 2 && owner[0] == 1 && owner[1] == '*'
		       ? (uint8_t)(labels - 1)
		       : labels;
}

/*
 * What is signed (RFC 4034, 3.1.8.1), but for what the key and the time add to
 * the front, which is zero.
 */
static struct wire write_signed(struct signer *signer,
				const struct sign_request *request)
{
	struct wire w = wire_over(signer->octets, signer->cap / 2);
	size_t count = sort_rdata(signer, request);

	wire_put_u16(&w, request->type);
	wire_put_u8(&w, 0);
	wire_put_u8(&w, count_labels(request->owner, request->owner_len));
	wire_put_u32(&w, request->ttl_s);
	wire_put_u32(&w, 0);
	wire_put_u32(&w, 0);
	wire_put_u16(&w, 0);
	wire_put(&w, signer->zone.octets, signer->zone.len);
	for (size_t i = 0; i < count; i++) {
		wire_put(&w, request->owner, request->owner_len);
		wire_put_u16(&w, request->type);
		wire_put_u16(&w, CLASS_IN);
		wire_put_u32(&w, request->ttl_s);
		wire_put_u16(&w, signer->sorted[i].len);
		wire_put(&w, signer->sorted[i].octets, signer->sorted[i].len);
	}
	return w;
}

static int64_t turn_of(const struct signer *signer)
{
	return (int64_t)signer->dnssec.validity_s - signer->dnssec.refresh_s;
}

/* When the clock last passed the place of this content. */
static int64_t begin_of(const struct signer *signer, const uint8_t *id)
{
	int64_t turn_s = turn_of(signer);
	int64_t place_s = id[SHELF_ID_OCTETS - 1] % PLACES * turn_s / PLACES;

	return signer->now_s - (signer->now_s - place_s) % turn_s;
}

/* Times are taken modulo 2^32: RFC 4034, 3.1.5. */
static void stamp(const struct signer *signer, struct wire *w,
		  const struct dnskey *key, int64_t begin_s)
{
	w->octets[RRSIG_ALGORITHM_AT] = key->algorithm;
	wire_patch_u32(w, RRSIG_EXPIRATION_AT,
		       (uint32_t)(begin_s + signer->dnssec.validity_s));
	wire_patch_u32(w, RRSIG_INCEPTION_AT,
		       (uint32_t)(begin_s - BACKDATED_S));
	wire_patch_u16(w, RRSIG_TAG_AT, key->tag);
}

static void note_time(struct signer *signer, int64_t begin_s)
{
	int64_t due_s = begin_s + turn_of(signer);
	int64_t until_s = begin_s + signer->dnssec.validity_s;

	if (due_s < signer->due_s)
		signer->due_s = due_s;
	if (until_s < signer->span.until_s)
		signer->span.until_s = until_s;
	if (begin_s - BACKDATED_S > signer->span.from_s)
		signer->span.from_s = begin_s - BACKDATED_S;
}

/* The signature over w by a key; from the shelf when it is still the one. */
static const uint8_t *sign_with(struct signer *signer, size_t index,
				struct wire *w, const uint8_t *digest)
{
	const struct dnskey *key = &signer->ring->keys[index];
	uint8_t id[SHELF_ID_OCTETS];
	struct shelf_item *item;
	int64_t begin_s;

	memcpy(id, digest, sizeof(id));
	for (size_t i = 0; i < sizeof(id); i++)
		id[i] ^= signer->digests[index][i];
	begin_s = begin_of(signer, id);
	stamp(signer, w, key, begin_s);
	item = shelf_find(&signer->shelf, id);
	if (item == NULL)
		item = shelf_add(&signer->shelf, id);
	if (item == NULL)
		return NULL;
	if (item->begin_s != begin_s ||
	    item->validity_s != signer->dnssec.validity_s) {
		item->begin_s = 0;
		if (!secret_sign(key->secret, w->octets, w->len,
				 item->signature))
			return NULL;
		item->begin_s = begin_s;
		item->validity_s = signer->dnssec.validity_s;
		signer->made++;
	}
	item->used = true;
	note_time(signer, begin_s);
	return item->signature;
}

static bool is_for_keys(const struct signer *signer,
			const struct sign_request *request)
{
	return (request->type == TYPE_DNSKEY || request->type == TYPE_CDS ||
		request->type == TYPE_CDNSKEY) &&
	       request->owner_len == signer->zone.len &&
	       memcmp(request->owner, signer->zone.octets, signer->zone.len) ==
		       0;
}

/* The keys that sign a request, as many as fit; returns how many. */
static size_t choose_keys(const struct signer *signer,
			  const struct sign_request *request, size_t *chosen)
{
	bool for_keys = is_for_keys(signer, request);
	size_t count = 0;

	for (size_t i = 0; i < signer->ring->count; i++)
		if (for_keys ? keyring_signs_keys(signer->ring, i,
						  signer->roles_s)
			     : keyring_signs_zone(signer->ring, i,
						  signer->roles_s))
			chosen[count++] = i;
	return count;
}

static void refuse(const struct signer *signer,
		   const struct sign_request *request, size_t key,
		   struct errors *errs)
{
	struct place at = { .file = signer->ring->keys[key].path };
	char text[NAME_TEXT_SIZE];

	errors_add(errs, CODE_RESPONDER_REFUSED, at,
		   "cannot sign the records of type %u at %.100s with this key",
		   request->type,
		   name_text(request->owner, request->owner_len, text));
}

bool signer_sign(struct signer *signer, struct arena *arena,
		 const struct sign_request *request, struct rrset *out,
		 struct errors *errs)
{
	size_t head_len = RRSIG_FIXED_OCTETS + signer->zone.len;
	size_t chosen[KEYRING_MAX], count, each;
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct wire content, w = { 0 };

	count = choose_keys(signer, request, chosen);
	each = RR_FIXED_OCTETS + head_len + SECRET_SIGNATURE_OCTETS;
	w = wire_over(arena_alloc(arena, count, each), count * each);
	if (w.octets == NULL || !make_room(signer, request)) {
		out_of_memory(errs);
		return false;
	}
	content = write_signed(signer, request);
	SHA256(content.octets, content.len, digest);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *signature =
			sign_with(signer, chosen[i], &content, digest);

		if (signature == NULL) {
			refuse(signer, request, chosen[i], errs);
			return false;
		}
		wire_put_u16(&w, ZONE_QNAME_POINTER);
		wire_put_u16(&w, TYPE_RRSIG);
		wire_put_u16(&w, CLASS_IN);
		wire_put_u32(&w, request->ttl_s);
		wire_put_u16(&w,
			     (uint16_t)(head_len + SECRET_SIGNATURE_OCTETS));
		wire_put(&w, content.octets, head_len);
		wire_put(&w, signature, SECRET_SIGNATURE_OCTETS);
	}
	*out = (struct rrset){
		.type = TYPE_RRSIG,
		.count = (uint16_t)count,
		.ttl_s = request->ttl_s,
		.len = (uint32_t)w.len,
		.wire = w.octets,
	};
	return true;
}

int64_t signer_end(struct signer *signer)
{
	shelf_forget(&signer->shelf);
	signer->ended = signer->span;
	return signer->due_s;
}

void signer_abandon(struct signer *signer)
{
	(void)signer;
}

struct sign_span signer_span(const struct signer *signer)
{
	return signer->ended;
}

const struct keyring *signer_keys(const struct signer *signer)
{
	return signer->ring;
}

uint64_t signer_made(const struct signer *signer)
{
	return signer->made;
}

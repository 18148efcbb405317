/* SPDX-License-Identifier: Apache-2.0 */
/*
 * site -- one responder on the memory bus, with what a test needs around it:
 * a policy of two endpoints, a signer, the other end of the bus.
 */
#ifndef TESTS_UNIT_SITE_H
#define TESTS_UNIT_SITE_H

#include "policy/bus/bus.h"
#include "policy/bus/node.h"
#include "policy/bus/report.h"

#include <stdbool.h>
#include <stdint.h>

struct asking;
struct bundles;
struct plan_release;
struct sealer;

/* Last octets of the addresses of www's endpoints a (at first) and b. */
enum { SITE_FIRST = 1, SITE_OTHER = 200 };

/* One responder named "ns1" on a hub, and what a test watches of it. */
struct site {
	struct event_base *loop;
	struct memory_hub *hub;
	struct bus *ours, *theirs; /* the test's; the responder's */
	struct sealer *signer, *stranger;
	struct verifier *trusted;
	char dir[64], policy[80], keep[80], control[80];
	char listen[32];
	uint16_t port;
	struct responder *responder;
	struct bundles *bundles;      /* of a responder that takes them */
	struct plan_release *release; /* in the next plan; NULL: none */
	struct node node;             /* as last published */
	bool has_node;
	uint64_t epoch;
	enum bus_commit committed;
	bool commit_done;
	unsigned expected;     /* by site_gives_expected() */
	const char *awaited;   /* by a test that waits for a trouble */
	struct asking *asking; /* by a test that asks on the control socket */
};

/* For cmocka: *state is a struct site whose responder answers and has told
 * the bus so. */
int site_set_up(void **state);
int site_tear_down(void **state);

/* Endpoint a, 192.0.2.first, is preferred to b, 198.51.100.200. */
void site_write_policy(const struct site *s, unsigned first);

/* Again, after responder_stop(). */
void site_start_responder(struct site *s, bool with_bus);

/* Turns the loop until done(s), or fails the test when patience ends. */
void site_turn_until(struct site *s, bool (*done)(struct site *s));

/* The last octet of the address that www has; 0 when no answer came. */
unsigned site_ask(const struct site *s);
unsigned site_ask_on(int fd, uint16_t id);
bool site_gives_first(struct site *s);
bool site_gives_other(struct site *s);
bool site_gives_expected(struct site *s);

/* Publishes a plan in which a and b take these shares. */
void site_publish(struct site *s, const struct sealer *signer,
		  uint64_t sequence, const double shares[2]);

/* Vantage v says this of endpoint a, and that b is up. */
void site_report_first(struct site *s, enum report_state said);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slot -- the one decision table every worker reads, and the responder's
 * identity, each replaced without a lock.
 *
 * One writer publishes, many threads read.  Uses liburcu's QSBR flavour: a
 * reader says once per turn that it holds nothing, so reading costs no more
 * than loading a pointer.  The only place where a published table is freed.
 *
 *	reader thread                       writer thread
 *	  slot_register()                     slot_init(first)
 *	  loop:                               slot_publish(next)   waits until
 *	    slot_offline()                                         each reader
 *	    ... block for work ...                                 was quiet
 *	    slot_online()
 *	    slot_read() ... use it
 *	  slot_unregister()                   slot_fini()
 *
 * Shell: it waits for threads.  Source: M. Desnoyers et al., User-Level
 * Implementations of Read-Copy Update, IEEE TPDS 23(2), 2012.
 */
#ifndef DNS_SLOT_H
#define DNS_SLOT_H

#include <stdatomic.h>
#include <stdbool.h>

struct identity;
struct table;
struct tap;
struct view;

struct slot {
	_Atomic(struct table *) current;     /* owned; NULL before the first */
	_Atomic(struct identity *) identity; /* the same */
	struct tap
		*tap; /* borrowed; set before there are readers; NULL: none */
	_Atomic(const struct view *) view; /* borrowed; see below */
	bool tells_why; /* set before there are readers: views are published */
};

/* first may be NULL; the slot takes ownership of it. */
void slot_init(struct slot *slot, struct table *first);

/* Frees what is current.  No reader may be left. */
void slot_fini(struct slot *slot);

/* The calling thread will read; it starts online. */
void slot_register(void);
void slot_unregister(void);

/* Holds nothing and will not read before slot_online(): may block. */
void slot_offline(void);
void slot_online(void);

/*
 * Valid until the calling reader's next slot_offline().  Never keep it across
 * turns, never free it.
 */
const struct table *slot_read(const struct slot *slot);
const struct identity *slot_identity(const struct slot *slot);

/* What the table stands on, for who tells why; NULL where nobody does.  A
 * moment long it may be older or of another policy than the table. */
const struct view *slot_view(const struct slot *slot);

/*
 * Makes next current and takes ownership of it.  Waits until every reader has
 * been offline once, then frees the table before; never called by a reader.
 * What a reader of the old table wrote is visible to the caller afterwards.
 */
void slot_publish(struct slot *slot, struct table *next);
void slot_publish_identity(struct slot *slot, struct identity *next);

/*
 * Makes next, which stays the caller's, what readers see; when it returns,
 * nobody reads the one before.  Where nobody tells why, nothing happens, and
 * nobody is waited for.
 */
void slot_publish_view(struct slot *slot, const struct view *next);

#endif

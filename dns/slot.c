/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/slot.h"

#include "dns/table.h"

#include <stddef.h>
#include <stdlib.h>

#include <urcu-qsbr.h>

/*
 * liburcu is not instrumented, so ThreadSanitizer cannot see that a reader
 * going offline happens before synchronize_rcu() returns: it is told here.
 */
#ifdef __has_feature /* clang's way of saying __SANITIZE_THREAD__ */
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#else
static inline void __tsan_release(void *at)
{
	(void)at;
}

static inline void __tsan_acquire(void *at)
{
	(void)at;
}
#endif

/* Any one address that readers and the writer share; never written. */
static void *grace(void)
{
	static const char mark;

	return (void *)(size_t)&mark;
}

void slot_init(struct slot *slot, struct table *first)
{
	atomic_init(&slot->current, first);
	atomic_init(&slot->identity, NULL);
	atomic_init(&slot->view, NULL);
	slot->tap = NULL;
	slot->tells_why = false;
}

void slot_fini(struct slot *slot)
{
	table_free(atomic_exchange(&slot->current, NULL));
	free(atomic_exchange(&slot->identity, NULL));
}

void slot_register(void)
{
	rcu_register_thread();
}

void slot_unregister(void)
{
	__tsan_release(grace());
	rcu_unregister_thread();
}

void slot_offline(void)
{
	__tsan_release(grace());
	rcu_thread_offline();
}

void slot_online(void)
{
	rcu_thread_online();
}

const struct table *slot_read(const struct slot *slot)
{
	return atomic_load_explicit(&slot->current, memory_order_acquire);
}

const struct identity *slot_identity(const struct slot *slot)
{
	return atomic_load_explicit(&slot->identity, memory_order_acquire);
}

const struct view *slot_view(const struct slot *slot)
{
	return atomic_load_explicit(&slot->view, memory_order_acquire);
}

void slot_publish(struct slot *slot, struct table *next)
{
	struct table *old = atomic_exchange(&slot->current, next);

	synchronize_rcu();
	__tsan_acquire(grace());
	table_free(old);
}

void slot_publish_identity(struct slot *slot, struct identity *next)
{
	struct identity *old = atomic_exchange(&slot->identity, next);

	synchronize_rcu();
	__tsan_acquire(grace());
	free(old);
}

void slot_publish_view(struct slot *slot, const struct view *next)
{
	if (!slot->tells_why)
		return;
	atomic_store(&slot->view, next);
	synchronize_rcu();
	__tsan_acquire(grace());
}

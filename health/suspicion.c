/* SPDX-License-Identifier: Apache-2.0 */
#include "health/suspicion.h"

#include <string.h>

static int64_t slot_of(const struct suspicion *s, int64_t time_ms)
{
	int64_t width_ms = s->window_ms / SUSPICION_SLOTS;

	return time_ms / (width_ms > 0 ? width_ms : 1);
}

/* How many began to fail within the window. */
static size_t count_turned(const struct suspicion *s)
{
	size_t turned = 0;

	for (size_t i = 0; i < SUSPICION_SLOTS; i++)
		turned += s->onsets[i];
	return turned;
}

/* What was in the window as it was stopped has begun now. */
static void wake(struct suspicion *s, int64_t now_ms)
{
	uint32_t turned = (uint32_t)count_turned(s);

	memset(s->onsets, 0, sizeof(s->onsets));
	s->newest = slot_of(s, now_ms);
	s->onsets[s->newest % SUSPICION_SLOTS] = turned;
	s->quiet_ms += now_ms - s->heard_ms;
	s->slept_ms = s->heard_ms;
	s->woke_ms = now_ms;
}

/* When a failure of since_ms began, as the window has it. */
static int64_t onset_ms(const struct suspicion *s, int64_t since_ms)
{
	return since_ms < s->woke_ms && s->slept_ms - since_ms < s->window_ms
		       ? s->woke_ms
		       : since_ms;
}

/* Forgets what has left the window. */
static void advance(struct suspicion *s, int64_t now_ms)
{
	int64_t now = slot_of(s, now_ms);

	if (now_ms - s->heard_ms > s->window_ms + s->window_ms / 8)
		wake(s, now_ms);
	s->heard_ms = now_ms;
	if (now - s->newest >= SUSPICION_SLOTS) {
		memset(s->onsets, 0, sizeof(s->onsets));
		s->newest = now;
	}
	while (s->newest < now)
		s->onsets[++s->newest % SUSPICION_SLOTS] = 0;
}

void suspicion_fail(struct suspicion *s, int64_t now_ms)
{
	advance(s, now_ms);
	s->onsets[s->newest % SUSPICION_SLOTS]++;
	s->failing++;
	s->quiet_ms = now_ms;
}

void suspicion_pass(struct suspicion *s, int64_t now_ms)
{
	advance(s, now_ms);
	s->passed_ms = now_ms;
}

void suspicion_recover(struct suspicion *s, int64_t since_ms, int64_t now_ms)
{
	int64_t slot;

	advance(s, now_ms);
	slot = slot_of(s, onset_ms(s, since_ms));
	if (s->newest - slot < SUSPICION_SLOTS &&
	    s->onsets[slot % SUSPICION_SLOTS] > 0)
		s->onsets[slot % SUSPICION_SLOTS]--;
	if (s->failing > 0)
		s->failing--;
}

void suspicion_anchor(struct suspicion *s, bool answered, size_t lost)
{
	s->lost = lost;
	s->answered |= answered;
}

int64_t suspicion_since_ms(const struct suspicion *s, int64_t now_ms)
{
	int64_t since_ms = now_ms - s->window_ms;

	return since_ms < s->woke_ms ? s->slept_ms - (s->woke_ms - since_ms)
				     : since_ms;
}

bool suspicion_adrift(const struct suspicion *s)
{
	return s->anchors > 0 && s->lost >= s->anchors;
}

static int64_t hold_ms(const struct suspicion *s)
{
	int64_t windows_ms = 3 * s->window_ms;

	return windows_ms > SUSPICION_HOLD_MS ? windows_ms : SUSPICION_HOLD_MS;
}

bool suspicion_look(struct suspicion *s, size_t targets, int64_t now_ms)
{
	size_t turned;

	advance(s, now_ms);
	turned = count_turned(s);
	if (turned == 0 || turned < targets / SUSPICION_LOOK || s->mistrusts ||
	    (s->looked && now_ms - s->looked_ms < s->window_ms))
		return false;
	s->looked = true;
	s->looked_ms = now_ms;
	return true;
}

/* Is what fails proved to be so by what does not?  A probe that goes on passing
 * does so again within two windows, and the hold is three: so it has passed
 * since the mistrust began. */
static bool is_proved(const struct suspicion *s, int64_t now_ms)
{
	if (s->anchors > 0)
		return s->answered;
	return now_ms - s->passed_ms <= 2 * s->window_ms &&
	       now_ms - s->quiet_ms >= hold_ms(s);
}

static bool is_doubtful(const struct suspicion *s, size_t targets)
{
	size_t turned = count_turned(s);

	return suspicion_adrift(s) ||
	       (turned >= SUSPICION_LEAST && turned > targets / 2);
}

static void doubt(struct suspicion *s, int64_t now_ms)
{
	s->mistrusts = true;
	s->quiet_ms = now_ms;
	s->answered = false;
}

/* What failed so far was judged: only what fails from now on is news. */
static void trust(struct suspicion *s, int64_t now_ms)
{
	s->mistrusts = false;
	s->regained = true;
	s->trusted_ms = now_ms;
	memset(s->onsets, 0, sizeof(s->onsets));
}

bool suspicion_judge(struct suspicion *s, size_t targets, int64_t now_ms)
{
	bool before = s->mistrusts;

	advance(s, now_ms);
	if (!s->mistrusts && is_doubtful(s, targets))
		doubt(s, now_ms);
	else if (s->mistrusts && !suspicion_adrift(s) &&
		 (s->failing <= targets / 2 || is_proved(s, now_ms)))
		trust(s, now_ms);
	return s->mistrusts != before;
}

bool suspicion_excuses(const struct suspicion *s, int64_t begun_ms)
{
	return s->mistrusts || (s->regained && begun_ms < s->trusted_ms);
}

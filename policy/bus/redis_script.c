/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_script.h"

/* clang-format off */
#define READERS \
	"local function number(text)\n" \
	"  if type(text) ~= 'string' or #text > 16 then return 0 end\n" \
	"  if not string.find(text, '^%d+$') then return 0 end\n" \
	"  local n = tonumber(text)\n" \
	"  if n > 9007199254740990 then return 0 end\n" \
	"  return n\n" \
	"end\n" \
	"local function read(key)\n" \
	"  local value = redis.pcall('GET', key)\n" \
	"  if type(value) == 'string' then return value end\n" \
	"  return ''\n" \
	"end\n"

/*
 * A number, and none when it lies further ahead of what the caller knows than
 * any clock or number of takeovers explains.  Else who can write here could
 * use all epochs up, and since nobody goes back nobody could publish again.
 */
#define NEAR \
	"local function near(text, known)\n" \
	"  local n = number(text)\n" \
	"  if n > tonumber(known) + 4294967296 then return 0 end\n" \
	"  return n\n" \
	"end\n"

/* Tells channel of a change, with the next number; garbage counts as none. */
#define NOTIFY \
	"local function notify(key, channel, id)\n" \
	"  local n = redis.pcall('INCR', key)\n" \
	"  if type(n) ~= 'number' then\n" \
	"    redis.call('SET', key, '1')\n" \
	"    n = 1\n" \
	"  end\n" \
	"  redis.call('PUBLISH', channel, string.format('%.0f', n) .. id)\n" \
	"end\n"

/*
 * A renewal keeps the epoch, unless plans of a higher one are known: then the
 * server has lost its last writes, and going on would go back.
 */
const char redis_script_lease[] = READERS NEAR
	"local epoch = near(read(KEYS[2]), ARGV[3])\n"
	"local head = near(string.match(read(KEYS[3]), '^%d+'), ARGV[3])\n"
	"local held, holder = string.match(read(KEYS[1]), '^(%d+) (.+)$')\n"
	"if holder and holder ~= ARGV[1] then return 0 end\n"
	"local newest = math.max(epoch, head, tonumber(ARGV[3]))\n"
	"if not holder or number(held) ~= epoch or epoch < newest then\n"
	"  epoch = newest + 1\n"
	"  redis.call('SET', KEYS[2], string.format('%.0f', epoch))\n"
	"end\n"
	"redis.call('SET', KEYS[1], string.format('%.0f %s', epoch, ARGV[1]),\n"
	"           'PX', ARGV[2])\n"
	"return epoch\n";

const char redis_script_release[] = READERS
	"local holder = string.match(read(KEYS[1]), '^%d+ (.+)$')\n"
	"if holder == ARGV[1] then redis.call('DEL', KEYS[1]) end\n"
	"return 1\n";

const char redis_script_commit[] = READERS NEAR NOTIFY
	"local epoch, sequence = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
	"if number(string.match(read(KEYS[3]), '^(%d+) ')) ~= epoch or\n"
	"   number(read(KEYS[4])) ~= epoch then return 0 end\n"
	"local at, nth = string.match(read(KEYS[2]), '^(%d+) (%d+)$')\n"
	"if near(at, epoch) == 0 then at, nth = nil, nil end\n"
	"if number(at) > epoch then return 0 end\n"
	"local from, base = tonumber(ARGV[5]), tonumber(ARGV[6])\n"
	"if number(at) > from or\n"
	"   (number(at) == from and number(nth) > base) then return 2 end\n"
	"if number(nth) >= sequence then return 0 end\n"
	"redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. ARGV[2])\n"
	"redis.call('SET', KEYS[1], ARGV[3])\n"
	"notify(KEYS[5], ARGV[4], '')\n"
	"return 1\n";

const char redis_script_put[] = READERS NOTIFY
	"redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
	"local kind = redis.call('TYPE', KEYS[2]).ok\n"
	"if kind ~= 'set' and kind ~= 'none' then\n"
	"  redis.call('DEL', KEYS[2])\n"
	"end\n"
	"redis.call('SADD', KEYS[2], ARGV[3])\n"
	"notify(KEYS[3], ARGV[4], ' ' .. ARGV[3])\n"
	"return number(read(ARGV[5]))\n";

const char redis_script_forget[] =
	"if redis.call('EXISTS', ARGV[1]) == 0 then\n"
	"  redis.call('SREM', KEYS[1], ARGV[2])\n"
	"end\n"
	"return 1\n";
/* clang-format on */

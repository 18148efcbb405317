-- SPDX-License-Identifier: Apache-2.0
--[[
The draws of Windrose in HAProxy: who is in a canary.  Needs Lua 5.3 or newer,
whose integers have 64 bits and wrap.

    lua.windrose_session(SERVICE,CANARY)  of a session's name, any text
    lua.windrose_client(SERVICE,CANARY)   of a client's network, an address
                                          with its host bits zero: as the
                                          responders of the zone draw it

Each gives a number from 0 to 2^32 - 1: the session, or client, is in the canary
when it is less than the threshold that windrose-edge keeps in its map.

The rules stand in policy/base/hash.h and policy/decide/share.h, the vectors
that hold them fixed in tests/data/hash-vectors.txt.
]]

local OFFSET, PRIME = 0xcbf29ce484222325, 0x100000001b3

-- FNV-1a over the octets of text, going on from seed.
local function key(text, seed)
	for at = 1, #text do
		seed = (seed ~ text:byte(at)) * PRIME
	end
	return seed
end

-- The finaliser of MurmurHash3.
local function mix(x)
	x = (x ~ (x >> 33)) * 0xff51afd7ed558ccd
	x = (x ~ (x >> 33)) * 0xc4ceb9fe1a85ec53
	return x ~ (x >> 33)
end

local purposes = {} -- key() of each service and canary: there are few

local function draw(octets, service, canary)
	local purpose = "accept/" .. service .. "/canary:" .. canary
	if not purposes[purpose] then
		purposes[purpose] = key(purpose, OFFSET)
	end
	return mix(mix(key(octets, OFFSET)) + purposes[purpose]) >> 32
end

-- The groups of a part of an IPv6 address, as octets.
local function groups(text)
	local octets = ""
	for group in text:gmatch("%x+") do
		local n = tonumber(group, 16)
		octets = octets .. string.char(n >> 8, n & 255)
	end
	return octets
end

-- An address in text, as one octet of family and its own octets.
local function packed(text)
	local a, b, c, d = text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
	if a then
		return string.char(4, a, b, c, d)
	end
	local before, after = text:match("^(.*)::(.*)$")
	if not before then
		return "\6" .. groups(text)
	end
	before, after = groups(before), groups(after)
	return "\6" .. before .. string.rep("\0", 16 - #before - #after) .. after
end

core.register_converters("windrose_session", function(text, service, canary)
	return draw("\0" .. text, service, canary)
end)

core.register_converters("windrose_client", function(text, service, canary)
	return draw(packed(text), service, canary)
end)

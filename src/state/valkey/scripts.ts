/** Scripts that the server runs in one step. Each is sent as text: the server keeps it, and nothing depends on an earlier command. */

/** Removes a value if it is this one. */
export const removeIf =
  "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end return 0";

/**
 * Adds a member to a set, with its end as its score, and removes the members that have ended. Extends the life of the set if it would end
 * earlier. Without the removal, a set whose members come again and again would grow for ever. A server that is full refuses only
 * the first write of a script, so the addition comes first. `ARGV`: the member, its life.
 */
export const addMember = `local t=redis.call('TIME') local now=t[1]*1000+math.floor(t[2]/1000)
redis.call('ZADD',KEYS[1],'GT',string.format('%.0f',now+tonumber(ARGV[2])),ARGV[1])
redis.call('ZREMRANGEBYSCORE',KEYS[1],'-inf',string.format('%.0f',now))
if redis.call('PTTL',KEYS[1])<tonumber(ARGV[2]) then redis.call('PEXPIRE',KEYS[1],ARGV[2]) end return 1`;

/**
 * Adds an entry to a feed, with its life, and removes old ones. The clock is that of the server, so that the clock of one process
 * cannot remove the entries of others. `ARGV`: the longest life, the entry, its life, and the last ID that this process has read.
 *
 * A process with a shorter life, during a change of the configuration, does not shorten the stream of the others.
 *
 * The clock of the server can step back, and a stream that has ended begins again. Readers then wait after an ID in the future. So an
 * ID that is lower than the last one that was read is replaced, and a stream lives until the clock has passed its newest ID.
 */
export const addEntry = `local t=redis.call('TIME') local now=t[1]*1000+math.floor(t[2]/1000)
local longest=tonumber(ARGV[1]) local read=tonumber(string.match(ARGV[4],'^%d+'))
local newest=redis.call('XREVRANGE',KEYS[1],'+','-','COUNT',1)[1]
local last=newest and tonumber(string.match(newest[1],'^%d+')) or 0
local id='*' if last<read and now<=read then id=string.format('%.0f-0',read+1) end
local lives=redis.call('PTTL',KEYS[1]) local kept=math.max(longest,lives)
id=redis.call('XADD',KEYS[1],'MINID','~',string.format('%.0f',math.max(0,now-kept)),id,'e',ARGV[2],'l',ARGV[3])
local ahead=math.max(0,tonumber(string.match(id,'^%d+'))-now)
if lives<longest+ahead then redis.call('PEXPIRE',KEYS[1],string.format('%.0f',longest+ahead)) end return 1`;

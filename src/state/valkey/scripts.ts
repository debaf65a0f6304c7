/** Scripts that the server runs in one step. Each is sent as text: the server keeps it, and nothing depends on an earlier command. */

/** Removes a value if it is this one. */
export const removeIf =
  "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end return 0";

/** Adds a member to a set, and extends the life of the set if it would end earlier. */
export const addMember =
  "redis.call('SADD',KEYS[1],ARGV[1]) if redis.call('PTTL',KEYS[1])<tonumber(ARGV[2]) then redis.call('PEXPIRE',KEYS[1],ARGV[2]) end return 1";

/**
 * Adds an entry to a feed, with its life, and removes old ones. The clock is that of the server, so that the clock of one process
 * cannot remove the entries of others. `ARGV`: the longest life, the entry, its life.
 */
export const addEntry =
  "local t=redis.call('TIME') local oldest=t[1]*1000-tonumber(ARGV[1]) redis.call('XADD',KEYS[1],'MINID','~',string.format('%.0f',oldest),'*','e',ARGV[2],'l',ARGV[3]) redis.call('PEXPIRE',KEYS[1],ARGV[1]) return 1";

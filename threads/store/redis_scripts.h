// SPDX-License-Identifier: Apache-2.0
// What the store does inside a Redis server: scripts in Lua, each of which runs as a whole.
//
// The store with number DB stands in six keys: heddle:DB:values and heddle:DB:versions (hashes by key),
// heddle:DB:index (a sorted set of all keys, each with score 0), heddle:DB:revision (a number),
// heddle:DB:changes (a list: the keys of the last changes, the newest last) and heddle:DB:done:ID (what a
// batch has answered, so that it is not done twice when its answer got lost). Changed keys are published on
// the channel heddle:DB:changes, each with its length before it in eight hexadecimal digits.
//
// Lua's numbers are doubles: revisions are exact up to 2^53, and are written by "%.0f".
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace heddle::threads {

enum class RedisScript : uint8_t { get, apply, scan, find_change };

inline constexpr std::array<std::string_view, 4> kRedisScripts = {
    // get. KEYS: values, versions. ARGV: key. Gives the value and its version.
    R"(return {redis.call('HGET', KEYS[1], ARGV[1]), redis.call('HGET', KEYS[2], ARGV[1])})",

    // apply. KEYS: values, versions, index, revision, changes, done. ARGV: channel, changes to remember, and
    // for
    // each change: kind, key, stamped, expected version or '', value. Gives 'done', first, revision; or
    // 'conflict', number of the change, key, version found.
    R"(
local done = redis.call('HMGET', KEYS[6], 'first', 'revision')
if done[1] then return {'done', done[1], done[2]} end
local revision = tonumber(redis.call('GET', KEYS[4]) or '0')
local first = string.format('%.0f', revision + 1)
local stamp = string.format('%016x', revision + 1)
local function key_of(i)
  if ARGV[i + 2] == '1' then return ARGV[i + 1] .. stamp end
  return ARGV[i + 1]
end
for i = 3, #ARGV, 5 do
  if ARGV[i + 3] ~= '' then
    local version = redis.call('HGET', KEYS[2], key_of(i)) or '0'
    if version ~= ARGV[i + 3] then
      return {'conflict', string.format('%.0f', (i - 3) / 5), key_of(i), version}
    end
  end
end
local published = {}
local function changed(key)
  revision = revision + 1
  redis.call('RPUSH', KEYS[5], key)
  published[#published + 1] = string.format('%08x', #key)
  published[#published + 1] = key
  return string.format('%.0f', revision)
end
for i = 3, #ARGV, 5 do
  local key = key_of(i)
  if ARGV[i] == 'put' then
    redis.call('HSET', KEYS[1], key, ARGV[i + 4])
    redis.call('HSET', KEYS[2], key, changed(key))
    redis.call('ZADD', KEYS[3], 0, key)
  elseif ARGV[i] == 'remove' and redis.call('HDEL', KEYS[2], key) == 1 then
    redis.call('HDEL', KEYS[1], key)
    redis.call('ZREM', KEYS[3], key)
    changed(key)
  end
end
local last = string.format('%.0f', revision)
if #published > 0 then
  redis.call('SET', KEYS[4], last)
  redis.call('LTRIM', KEYS[5], -tonumber(ARGV[2]), -1)
  redis.call('HSET', KEYS[6], 'first', first, 'revision', last)
  redis.call('EXPIRE', KEYS[6], 60)
  redis.call('PUBLISH', ARGV[1], table.concat(published))
end
return {'done', first, last}
)",

    // scan. KEYS: values, versions, index, revision. ARGV: lower and upper bound, most entries, most bytes,
    // '1' for
    // values too. Gives the revision, '1' if there is more, and for each entry: key, version, value.
    R"(
local most = tonumber(ARGV[3])
local keys = redis.call('ZRANGEBYLEX', KEYS[3], ARGV[1], ARGV[2], 'LIMIT', 0, most + 1)
local out = {redis.call('GET', KEYS[4]) or '0', '0'}
local bytes = 0
for i, key in ipairs(keys) do
  local value = ''
  if ARGV[5] == '1' then value = redis.call('HGET', KEYS[1], key) or '' end
  bytes = bytes + #key + #value
  if i > most or (i > 1 and bytes > tonumber(ARGV[4])) then
    out[2] = '1'
    break
  end
  out[#out + 1] = key
  out[#out + 1] = redis.call('HGET', KEYS[2], key) or '0'
  out[#out + 1] = value
end
return out
)",

    // find_change. KEYS: revision, changes. ARGV: prefix, since, changes remembered. Gives a revision, or
    // '0'. Who
    // knows a later revision than there is knows it from another life of the store.
    R"(
local revision = tonumber(redis.call('GET', KEYS[1]) or '0')
local since = tonumber(ARGV[2])
if since == revision then return '0' end
if since > revision or revision - since > tonumber(ARGV[3]) then
  return string.format('%.0f', math.max(revision, 1))
end
for i, key in ipairs(redis.call('LRANGE', KEYS[2], since - revision, -1)) do
  if string.sub(key, 1, #ARGV[1]) == ARGV[1] then return string.format('%.0f', since + i) end
end
return '0'
)",
};

}  // namespace heddle::threads

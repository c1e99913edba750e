-- wrk's requests: `wrk -s wrk.lua URL -- METHOD PATH TOKEN SECONDS BODY_BYTES NAME`.
-- After SECONDS nothing more is sent; when the last answer is there, `answered COUNT in SECONDS` is printed, and wrk may be ended. So servers
-- have done all that they were asked when their CPU time is read. A PUT goes to PATH with NAME and a number added, a new object each time.

local ffi = require('ffi')
ffi.cdef([[
  typedef struct { long sec; long nsec; } wrk_timespec;
  int clock_gettime(int clock, wrk_timespec *time);
]])
local CLOCK_MONOTONIC = 1
local time = ffi.new('wrk_timespec')
local function now()
  ffi.C.clock_gettime(CLOCK_MONOTONIC, time)
  return tonumber(time.sec) + tonumber(time.nsec) / 1e9
end

local method, path, fixed, body, name, began, last
-- wrk asks for one request that it does not send, to see how many a time there are.
local sent = -1
local answered = 0

function init(args)
  method, path, name = args[1], args[2], args[6]
  wrk.headers['X-Auth-Token'] = args[3]
  if method == 'PUT' then
    body = string.rep('x', tonumber(args[5]))
  else
    fixed = wrk.format(method, path, wrk.headers)
  end
  began = now()
  last = began + tonumber(args[4])
end

function request()
  if now() > last then return '' end
  sent = sent + 1
  return fixed or wrk.format(method, path .. name .. sent, wrk.headers, body)
end

function response()
  answered = answered + 1
  if answered < sent then return end
  local at = now()
  if at > last then
    print(string.format('answered %d in %f', answered, at - began))
    io.flush()
  end
end

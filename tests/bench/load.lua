-- Sends the requests of a file in turn; they are separated by NUL.
local requests, at = {}, 0

function init(args)
  local file = io.open(args[1], "rb")
  for request in (file:read("*a") .. "\0"):gmatch("(.-)%z") do
    requests[#requests + 1] = request
  end
  file:close()
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  io.write(string.format('figure {"rate":%f,"p50":%f,"p99":%f,"failed":%d}\n', summary.requests * 1e6 / summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed))
end

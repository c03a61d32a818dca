-- A client of udpipe/network in Lua, without a key: it sends a table, prints what comes back, and closes.
--
--   lua5.4 client.lua HOST PORT [TEXT]
--
-- Debian: lua5.4, lua-socket, lua-messagepack. It was written from lib/network/README.md alone.

-- Debian has MessagePack for Lua 5.3, and it runs as well with 5.4.
package.path = package.path .. ';/usr/share/lua/5.3/?.lua'
local socket = require 'socket'
local messagepack = require 'MessagePack'

local READY, TABLE, PING, PONG, CLOSE = 0, 1, 2, 3, 4
local LIMIT = 1024 * 1024 + 1

local function frame(type, payload)
  return string.pack('>I4B', 1 + #payload, type) .. payload
end

local function hello()
  local random = {}
  for i = 1, 32 do random[i] = string.char(math.random(0, 255)) end
  return 'UDPN' .. string.pack('>BBI2I4I4', 1, 0, 0, LIMIT, 0) .. table.concat(random)
end

local function connect(host, port)
  local stream = assert(socket.connect(host, port))
  stream:setoption('tcp-nodelay', true)
  stream:send(hello())
  local theirs = assert(stream:receive(48))
  local magic, version, mode = string.unpack('>c4BB', theirs)
  assert(magic == 'UDPN' and version == 1, 'the other side is no udpipe/network')
  assert(mode == 0, 'the server has a key, and this client has none')
  stream:send(frame(READY, ''))
  return stream
end

-- The next table; nil and why when the server has closed.
local function receive(stream)
  while true do
    local length = string.unpack('>I4', assert(stream:receive(4)))
    local body = assert(stream:receive(length))
    local type, payload = body:byte(1), body:sub(2)
    if type == TABLE then return messagepack.unpack(payload) end
    if type == PING then stream:send(frame(PONG, payload)) end
    if type == CLOSE then return nil, payload:sub(3) end
  end
end

local function show(value, indent)
  if type(value) ~= 'table' then return tostring(value) end
  local keys, lines = {}, {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(keys) do lines[#lines + 1] = indent .. tostring(key) .. ' = ' .. show(value[key], indent .. '  ') end
  return '\n' .. table.concat(lines, '\n')
end

local host, port, text = arg[1], tonumber(arg[2]), arg[3] or 'Hello from Lua'
if not port then
  io.stderr:write('Usage: client.lua HOST PORT [TEXT]\n')
  os.exit(2)
end
local stream = connect(host, port)
stream:send(frame(TABLE, messagepack.pack({ OpCode = 10, Data = text, list = { 1, 2.5, true }, [7] = 'seven', empty = {} })))
local answer, reason = receive(stream)
if answer == nil then
  print('the server closed: ' .. reason)
  os.exit(1)
end
print('received:' .. show(answer, '  '))
stream:send(frame(CLOSE, string.pack('>I2', 0) .. 'bye'))
stream:shutdown('send')
stream:receive('*a')
stream:close()

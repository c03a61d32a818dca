-- A blocking echo by LuaSocket alone: one frame, made beforehand, sent and read back over and over. Prints the microseconds each takes.
local socket = require 'socket'
local port, echoes = tonumber(arg[1]), tonumber(arg[2])
local connection = assert(socket.connect('127.0.0.1', port))
connection:setoption('tcp-nodelay', true)
connection:send('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' ..
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n')
repeat local line = assert(connection:receive('*l')) until line == ''
local frame = '\129\192\0\0\0\0' .. ('m'):rep(64)
local function ask(times)
  for _ = 1, times do
    assert(connection:send(frame))
    assert(#connection:receive(66) == 66)
  end
end
ask(echoes / 4)
local start = socket.gettime()
ask(echoes)
print((socket.gettime() - start) * 1e6 / echoes)

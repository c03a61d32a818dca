import { CommanderError } from 'commander'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createProgram } from '../../lib/cli/program.ts'

afterEach(() => vi.restoreAllMocks())

describe('the command line', () => {
  it.each([
    ['a command there is not', ['serve', '1234'], /unknown command 'serve'/],
    ['a missing host', ['connect'], /a host and a port are needed, or --connect-token/],
    ['an argument too many', ['listen', '1', '2'], /too many arguments/],
    ['a port out of range', ['listen', '65536'], /a whole number from 0 to 65535/],
    ['a port that is no number', ['listen', '1e3'], /a whole number from 0 to 65535/],
    ['no port to connect to', ['connect', 'localhost', '0'], /a whole number from 1 to 65535/],
    ['a timeout that is no number', ['connect', 'localhost', '1234', '--timeout', 'soon'], /a number of seconds/],
    ['a timeout shorter than a stall', ['listen', '0', '--timeout', '0.5'], /a number of seconds from 1 to 86400/],
    ['no clients', ['listen', '0', '--max-clients', '0'], /a whole number from 1 to 65535/],
    ['a token of two words', ['connect', 'localhost', '1234', '--token', 'two words'], /A token is .* without spaces/],
    ['bytes that are lines', ['listen', '0', '--bytes', '--lines'], /--bytes and --lines exclude each other/],
    ['prefixes without lines', ['listen', '0', '--bytes', '--prefix'], /--prefix begins lines/],
    ['an advertised name', ['listen', '0', '--advertise', 'localhost'], /advertisedHost must be a numeric/],
    ['too many pings', ['ping', 'localhost', '1234', '--interval', '0.01'], /a number of seconds from 0.05 to 3600/],
    ['no pings', ['ping', 'localhost', '1234', '--count', '0'], /a whole number from 1 to/],
    ['a relay without a server', ['sim', '0'], /missing required argument 'server-host'/],
    ['a negative delay', ['sim', '0', '127.0.0.1', '1', '--delay=-1'], /a number of milliseconds from 0 to 60000/],
    ['more loss than all', ['sim', '0', '127.0.0.1', '1', '--loss', '101'], /a number of percent from 0 to 100/],
    ['half a burst', ['sim', '0', '127.0.0.1', '1', '--burst', '1'], /two numbers of percent: enter,leave/],
    ['a rate of nothing', ['sim', '0', '127.0.0.1', '1', '--rate', '0'], /a number of kbit\/s from 1 up/],
    ['a security there is not', ['listen', '0', '--security', 'tls'], /Allowed choices are noise, none/],
    ['a key that is none', ['connect', 'localhost', '1234', '--server-key', 'abc'], /serverKey must be 32 bytes/],
    ['ports without an end', ['listen', '0', '--private-ports', '40000-'], /two ports from 1 to 65535: first-last/],
    ['ports the wrong way round', ['sim', '0', '127.0.0.1', '1', '--ports', '9-8'], /two ports from 1 to 65535/],
    ['a protocol there is not', ['listen', '0', '--protocol', 'tcp'], /Allowed choices are classic, reliable/],
  ])('refuses %s', async (_what, args, sentence) => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)

    const attempt = createProgram().parseAsync(args, { from: 'user' })

    await expect(attempt).rejects.toThrow(CommanderError)
    expect(stderr.mock.calls.join('')).toMatch(sentence)
  })
})

import type { UDPipeOptions } from 'udpipe'

/** Whether this run of the specs serves all clients at the front door's port; vitest.config.ts says which specs run so, too. */
export const isPortShared: boolean = process.env['UDPIPE_SPEC_PORTS'] === 'shared'

/** The option by which a server does so, if this run is one in which it is to. */
export const portLayout: UDPipeOptions = isPortShared ? { privatePorts: 'shared' } : {}

import type { ClientConnection } from './client-connection.ts'

/** How a server knows the object of a connection: for as long as the program keeps it, or for as long as the connection is there. */
export interface ConnectionHolder {
  /** The object; `undefined` when it has been collected. */
  deref(): ClientConnection | undefined
}

/** Knows it in such a way that it can be collected, and then calls `onCollected`, sooner or later. */
export function holdWeakly(connection: ClientConnection, onCollected: () => void): ConnectionHolder {
  const reference = new WeakRef(connection)
  collected.register(connection, onCollected)
  return reference
}

/** Keeps it. */
export function holdStrongly(connection: ClientConnection): ConnectionHolder {
  return { deref: () => connection }
}

const collected = new FinalizationRegistry((onCollected: () => void) => onCollected())

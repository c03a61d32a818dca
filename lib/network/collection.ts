import type { ObjectHolder } from './link/link.ts'

/** Knows it in such a way that it can be collected, and then calls `onCollected`, sooner or later. */
export function holdWeakly(connection: object, onCollected: () => void): ObjectHolder {
  const reference = new WeakRef(connection)
  collected.register(connection, onCollected)
  return reference
}

/** Keeps it. */
export function holdStrongly(connection: object): ObjectHolder {
  return { deref: () => connection }
}

const collected = new FinalizationRegistry((onCollected: () => void) => onCollected())

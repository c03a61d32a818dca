/**
 * How a message travels.
 *
 * - `'reliable'`: arrives once, in order within its channel (the default).
 * - `'reliable-unordered'`: arrives once, as soon as it can.
 * - `'sequenced'`: may be lost; an older one never arrives after a newer one.
 * - `'latest'`: the newest one arrives for certain; older ones may be skipped.
 * - `'unreliable'`: may be lost, doubled or late, as the network has it.
 */
export type Delivery = (typeof deliveries)[number]

/** Every delivery mode, the default first. */
export const deliveries = ['reliable', 'reliable-unordered', 'sequenced', 'latest', 'unreliable'] as const

/** The highest channel number; order is kept within a channel, and a loss on one never holds up another. */
export const MAX_CHANNEL = 255

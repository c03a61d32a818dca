/** Short, because nobody likes to wait: the defaults are 1 s and 10 s. */
export const liveness = { pingIntervalMs: 150, stallTimeoutMs: 600, timeoutMs: 2_500 }

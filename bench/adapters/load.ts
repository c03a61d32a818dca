/** Loads a peer that may not be installed, so the compiler must not look for it: the caller says what of it is used. */
export async function loadPeer(name: string): Promise<{ readonly default?: unknown }> {
  return (await import(name)) as { readonly default?: unknown }
}

/** RFC 9110, 5.6.2. */
const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Whether a name can travel as a subprotocol. */
export function isToken(name: string): boolean {
  return tokenPattern.test(name)
}

import { createServerSession } from '../../lib/host/protocols.ts'
import { plainSecurity } from '../../lib/security/plain.ts'
import type { Admission, ServerSession } from '../../lib/session/admission.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'

type Dependencies = Parameters<typeof createServerSession>[3]

/** How admissions become sessions with these settings. The security, which the classic protocol has none of, is plain by default. */
export function sessionsWith(
  settings: SessionSettings,
  dependencies: Partial<Dependencies> = {},
): (now: number, admission: Admission) => ServerSession {
  const all = { security: plainSecurity, randomBytes: (length: number) => new Uint8Array(length), ...dependencies }
  return (now, admission) => createServerSession(now, settings, admission, all)
}

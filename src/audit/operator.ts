import { hostname, userInfo } from 'node:os'
import { type Actor, operator } from './actor.ts'

/** The parts of the operating system that name the operator. */
interface System {
  readonly userInfo: () => { readonly username: string }
  readonly hostname: () => string
  readonly uid: () => number | undefined
}

const here: System = { userInfo, hostname, uid: () => process.getuid?.() }

/** The account and the machine that run this process. An account without an entry in the user database is named by its number. */
export function operatorOf(way: 'command' | 'manifest', system = here, sha256: readonly string[] = []): Actor {
  try {
    return operator(system.userInfo().username, system.hostname(), way, sha256)
  } catch {
    return operator(String(system.uid() ?? 'unknown'), system.hostname(), way, sha256)
  }
}

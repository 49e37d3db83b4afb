import { NotAllowed } from '../../platform/user-error.ts'
import { type Authority, mayOver } from './authority.ts'
import { ofMembers } from './permissions.ts'

/** The permissions that members of the owner may have over a thing. */
const over = {
  client: ofMembers.filter((name) => !/^(apis|grants):/.test(name)),
  api: ofMembers.filter((name) => /^(apis|grants|revocations):/.test(name)),
} as const

/**
 * Refuses another owner of a thing unless its author has every right over it. Otherwise members of the new group, and so perhaps its
 * author, would have rights over the thing that its author could not give.
 * @throws NotAllowed
 */
export function requireNewOwner(
  authority: Authority,
  kind: keyof typeof over,
  before: string | undefined,
  after: string | undefined,
): void {
  if (before === after || after === undefined) return
  const lacking = over[kind].filter((name) => !mayOver(authority, name, before))
  if (lacking.length === 0) return
  throw new NotAllowed(
    `another owner would have rights over it that you lack: ${lacking.slice(0, 5).join(' ')}, or membership with the same permissions in the group that owns it`,
  )
}

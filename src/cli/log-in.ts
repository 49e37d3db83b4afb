import { systemClock } from '../platform/clock.ts'
import { NotAllowed } from '../platform/user-error.ts'
import type { Profile } from './remote/profile.ts'
import type { Profiles } from './remote/profiles.ts'

/** A token that expires within this time is not used: the request may arrive later. Milliseconds. */
const MARGIN_MS = 30_000

/** The token of a profile, fetched anew if necessary. @throws NotAllowed if a person must log in again */
export async function tokenOf(profiles: Profiles, name: string, profile: Profile): Promise<string> {
  const { login } = profile
  const isFresh = login.token !== undefined && Date.parse(login.token.expires) > systemClock.now() + MARGIN_MS
  if (login.token !== undefined && isFresh) return login.token.value
  if (login.kind === 'person')
    throw new NotAllowed(
      `the log-in at ${profile.server} has expired: run tessera login ${profile.server} --profile ${name}`,
    )
  const { clientToken } = await import('./client-token.ts')
  const token = await clientToken(login.client)
  // A runner has the token of its platform at hand, and leaves none behind.
  if (login.client.from === undefined) profiles.save(name, { ...profile, login: { ...login, token } })
  return token.value
}

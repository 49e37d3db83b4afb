import { systemClock } from '../platform/clock.ts'
import { NotAllowed } from '../platform/user-error.ts'
import type { Profile } from './remote/profile.ts'
import type { Profiles } from './remote/profiles.ts'

/** A token that expires within this time is not used: the request may arrive later. Milliseconds. */
const MARGIN_MS = 30_000

/** The token of a profile, fetched anew if necessary. @throws NotAllowed if a person must log in again */
export async function tokenOf(profiles: Profiles, name: string, profile: Profile): Promise<string> {
  const kept = keptToken(profile)
  if (kept !== undefined) return kept
  const { login, server } = profile
  if (login.kind === 'person')
    throw new NotAllowed(`the log-in at ${server} has expired: run tessera login ${server} --profile ${name}`)
  return fetchToken(profiles, name, { ...profile, login })
}

/**
 * Fetches another token in place of a kept one that the server refuses: the client may have got a permission since, or a key was revoked.
 * @returns undefined if the token was not kept, or is that of a person
 */
export function renewalOf(profiles: Profiles, name: string, profile: Profile): (() => Promise<string>) | undefined {
  const { login } = profile
  if (login.kind === 'person' || keptToken(profile) === undefined) return undefined
  return () => fetchToken(profiles, name, { ...profile, login })
}

const keptToken = ({ login: { token } }: Profile): string | undefined =>
  token !== undefined && Date.parse(token.expires) > systemClock.now() + MARGIN_MS ? token.value : undefined

type ClientProfile = Profile & { readonly login: { readonly kind: 'client' } }

async function fetchToken(profiles: Profiles, name: string, profile: ClientProfile): Promise<string> {
  const { login } = profile
  const { clientToken } = await import('./client-token.ts')
  const token = await clientToken(login.client)
  // A runner has the token of its platform at hand, and leaves none behind.
  if (login.client.from === undefined) profiles.save(name, { ...profile, login: { ...login, token } })
  return token.value
}

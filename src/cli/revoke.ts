import { decodeJwt } from 'jose'
import { systemEvent } from '../audit/system-event.ts'
import { Keyring } from '../keys/keyring.ts'
import { ApiSet } from '../model/api-set.ts'
import { OAuthError } from '../oauth/error.ts'
import { Audience, ClientId, Jti, KeyId } from '../oauth/ids.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom, uuidv7Time } from '../platform/random.ts'
import { UserError } from '../platform/user-error.ts'
import type { Revocation } from '../tokens/revocation/store.ts'
import { SEALED_FORM, Unsealer } from '../tokens/sealed.ts'
import { masterKeyOf, type Opened, withDatabase } from './database.ts'
import { print, printable } from './output.ts'
import { LONGEST_TOKEN, readStandardInput } from './read-input.ts'
import { requestIdIn } from './request-id.ts'

interface RevokeOptions {
  readonly token?: true
  readonly jti?: string
  readonly client?: string
  readonly api?: string
  readonly key?: string
  readonly config?: string
}

/** `tessera revoke`: ends one token, or everything that was issued before now to a client, for an API or under a key. */
export const revoke = ({ config, ...what }: RevokeOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const revocation = await toRevocation(opened, what)
    const { store } = opened
    await store.revocations.addRevocations([revocation])
    const detail = { kind: revocation.kind, id: revocation.id }
    await store.audit.append([systemEvent('revocation.add', detail, { clock: systemClock, random: systemRandom })])
    print(`revoked ${revocation.kind} ${printable(revocation.id)}`)
  })

async function toRevocation(opened: Opened, what: Omit<RevokeOptions, 'config'>): Promise<Revocation> {
  const chosen = Object.values(what).filter((value) => value !== undefined)
  if (chosen.length !== 1) throw new UserError('say one of --token, --jti, --client, --api and --key')
  const { store } = opened
  const now = systemClock.now()
  const longest = await store.revocations.longestLifetime()
  const all = { issuedBefore: now, expiresAt: now + longest }
  if (what.client !== undefined) return { kind: 'client', id: await knownClient(opened, what.client), ...all }
  if (what.api !== undefined) return { kind: 'api', id: await knownApi(opened, what.api), ...all }
  if (what.key !== undefined) return { kind: 'key', id: await knownKey(opened, what.key), ...all }
  const jti = what.jti === undefined ? await readJti(opened) : requestIdIn(what.jti)
  const issuedAt = uuidv7Time(jti)
  if (issuedAt === undefined) throw new UserError('that is the jti of no token of ours')
  return { kind: 'token', id: Jti(jti), expiresAt: issuedAt + longest }
}

async function knownClient({ store }: Opened, id: string): Promise<ClientId> {
  if ((await store.directory.loadClient(ClientId(id))) === undefined) throw new UserError(`there is no client ${id}`)
  return ClientId(id)
}

async function knownApi({ store }: Opened, audience: string): Promise<Audience> {
  const { found, unreadable } = await store.directory.loadApis()
  const apis = new ApiSet(found, unreadable)
  const known = apis.get(audience)?.audience ?? apis.unreadableOf(audience)?.id
  if (known === undefined) throw new UserError(`there is no API ${audience}`)
  return Audience(known)
}

async function knownKey({ store }: Opened, kid: string): Promise<KeyId> {
  const { found, unreadable } = await store.keys.listKeys()
  const kids: readonly string[] = [...found.map((key) => key.kid), ...unreadable.map(({ id }) => id)]
  if (!kids.includes(kid)) throw new UserError(`there is no key ${kid}`)
  return KeyId(kid)
}

/** The `jti` of the token on standard input. An administrator may revoke it without its signature's being checked. */
async function readJti({ options, store }: Opened): Promise<string> {
  const token = (await readStandardInput(LONGEST_TOKEN)).trim()
  try {
    if (!SEALED_FORM.test(token)) return decodeJwt(token).jti ?? ''
    const keyring = await Keyring.open(store.keys, masterKeyOf(options))
    const opened = new Unsealer().unseal(token, (reference) => keyring.sealingKeyOf(reference))
    return (opened?.claims as { jti?: string } | undefined)?.jti ?? ''
  } catch (error) {
    if (error instanceof UserError || error instanceof OAuthError) throw error
    throw new UserError('standard input has no access token')
  }
}

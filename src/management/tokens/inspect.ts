import { z } from 'zod'
import { actorInWords } from '../../audit/actor.ts'
import type { MasterKey } from '../../crypto/master-key.ts'
import { signatureAlgorithms } from '../../keys/algorithms.ts'
import { Keyring } from '../../keys/keyring.ts'
import { readPublicKey } from '../../keys/open-key.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import { ClientId, LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import { isSameUri } from '../../oauth/uri.ts'
import { uuidv7Time } from '../../platform/random.ts'
import { UserError } from '../../platform/user-error.ts'
import type { Revocation } from '../../tokens/revocation/store.ts'
import { SEALED_FORM, Unsealer } from '../../tokens/sealed.ts'
import { loadApis } from '../apis/show.ts'
import { lacking, mayOver, requireSomewhere } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'
import type { Check } from '../explanations/advice/advice.ts'
import { comparison, MOST_SEARCHED, spanInWords } from '../explanations/advice/case.ts'
import { parseToken } from './decode.ts'

/** The context of an inspection. */
export interface InspectionContext extends ManagementContext {
  /** Undefined if it is not configured. Then the `iss` is not checked. */
  readonly issuer: string | undefined
  /** Called only for a sealed token. @throws UserError if no master key is configured */
  readonly masterKey: () => MasterKey
}

/** The reasons for which introspection says that a token is active or not. */
export interface Inspection {
  readonly active: boolean
  readonly checks: readonly Check[]
  /** Undefined if the token is not ours. */
  readonly claims: Readonly<Record<string, unknown>> | undefined
}

/** The claims on which introspection depends. */
const claimsSchema = z.looseObject({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  client_id: z.string(),
  iat: z.number(),
  exp: z.number(),
  jti: z.string(),
})
type Claims = z.output<typeof claimsSchema>

const REVOCATIONS_AT_ONCE = 10_000

/**
 * Says why introspection reports a token as active or not, check by check (RFC 7662 §2.2).
 * @param asked the client that introspects; undefined for one that may introspect all tokens
 * @throws NotAllowed if the author may not see the client of the token; UserError if it is neither sealed nor a JWT
 */
export async function inspectToken(
  context: InspectionContext,
  { token, asked }: { readonly token: string; readonly asked?: string | undefined },
): Promise<Inspection> {
  requireSomewhere(context.authority, 'explanations:read')
  const { check, claims: found, kid } = await openToken(context, token)
  const parsed = claimsSchema.safeParse(found)
  if (!check.passed || !parsed.success || kid === undefined) return { active: false, checks: [check], claims: found }
  const claims = parsed.data
  const client = await loadClient(context, claims.client_id)
  const audiences = [claims.aud].flat()
  const checks = [
    check,
    ...(context.issuer === undefined
      ? []
      : [comparison('iss', claims.iss === context.issuer, context.issuer, claims.iss)]),
    expiryCheck(claims, context.clock.now()),
    ...(await revocationChecks(context, claims, kid)),
    clientCheck(claims.client_id, client),
    await apiCheck(context, audiences),
    ...(asked === undefined ? [] : [await askedCheck(context, asked, audiences)]),
  ]
  return { active: checks.every(({ passed }) => passed), checks, claims }
}

interface Opened {
  readonly check: Check
  readonly claims?: Readonly<Record<string, unknown>>
  readonly kid?: string
}

const openToken = (context: InspectionContext, token: string): Promise<Opened> =>
  SEALED_FORM.test(token) ? openSealed(context, token) : openJwt(context, token)

async function openSealed({ store, masterKey }: InspectionContext, token: string): Promise<Opened> {
  const keyring = await Keyring.open(store.keys, masterKey())
  const opened = new Unsealer().unseal(token, (reference) => keyring.sealingKeyOf(reference))
  const expected = 'a sealing key that is in use'
  if (opened === undefined) {
    return {
      check: comparison(
        'key',
        false,
        expected,
        'another one',
        'the key was revoked or is gone, or the token is not ours',
      ),
    }
  }
  const claims = z.record(z.string(), z.unknown()).parse(opened.claims)
  return { check: comparison('key', true, expected, opened.key.kid), claims, kid: opened.key.kid }
}

async function openJwt({ store }: InspectionContext, token: string): Promise<Opened> {
  const { header, claims, signingInput, signature } = parseToken(token)
  const { found, unreadable } = await store.keys.listKeys()
  const expected = 'one of our keys that is published'
  const { kid = '(none)' } = header
  const failure = (received: string, note: string): Opened => ({
    check: comparison('key', false, expected, received, note),
    claims,
  })
  const key = found.find((one) => one.kid === kid)
  if (unreadable.some(({ id }) => id === kid)) return failure(kid, 'the record of the key can not be read')
  if (key === undefined) return failure(kid, 'we have no such key: it is gone, or the token is from another server')
  if (key.state === 'revoked' || key.state === 'gone')
    return failure(kid, `the key is ${key.state}, and with it all its tokens`)
  const readable = readPublicKey(key)
  if ('problem' in readable) return failure(kid, readable.problem)
  const isSigned = signatureAlgorithms[readable.algorithm].verify(signingInput, readable.publicKey, signature)
  if (header.alg !== readable.algorithm || !isSigned)
    return failure(kid, 'the signature is wrong: the token was changed')
  return { check: comparison('key', true, expected, kid), claims, kid }
}

function expiryCheck({ exp }: Claims, now: number): Check {
  const left = Math.floor(exp - now / 1000)
  const words = left > 0 ? `in ${spanInWords(left)}` : `${spanInWords(left)} ago`
  return comparison('exp', left > 0, 'a later time', `${new Date(exp * 1000).toISOString()}, ${words}`)
}

/** One failed check for each revocation that concerns the token, or one that passed. */
async function revocationChecks(context: InspectionContext, claims: Claims, kid: string): Promise<readonly Check[]> {
  const at = uuidv7Time(claims.jti) ?? claims.iat * 1000
  const audiences = [claims.aud].flat()
  const concerns = (revocation: Revocation): boolean => {
    if (revocation.kind === 'token') return revocation.id === claims.jti
    if (at > revocation.issuedBefore) return false
    if (revocation.kind === 'client') return revocation.id === claims.client_id
    return revocation.kind === 'key' ? revocation.id === kid : audiences.includes(revocation.id)
  }
  const found: Revocation[] = []
  let after = 0
  for (;;) {
    const page = await context.store.revocations.revocationsAfter(after, REVOCATIONS_AT_ONCE)
    found.push(...page.found.filter(concerns))
    after = page.latest
    if (page.found.length + page.unreadable.length < REVOCATIONS_AT_ONCE) break
  }
  if (found.length === 0) return [comparison('revocation', true, 'none', 'none')]
  return Promise.all(found.map((revocation) => revocationCheck(context, revocation)))
}

async function revocationCheck({ store }: InspectionContext, revocation: Revocation): Promise<Check> {
  const { kind, id } = revocation
  const { events } = await store.audit.queryEvents({ types: ['revocation.add'], limit: MOST_SEARCHED })
  const event = events.find(({ detail }) => detail['kind'] === kind && detail['id'] === id)
  const by = event?.actor && `by ${actorInWords(event.actor)} at ${new Date(event.at).toISOString()}`
  const received =
    revocation.kind === 'token'
      ? `this token (${id})`
      : `every token of the ${kind} ${id} that was issued before ${new Date(revocation.issuedBefore).toISOString()}`
  return comparison('revocation', false, 'none', received, by)
}

/** @throws NotAllowed if the author may see no explanation of what the client does */
async function loadClient({ store, authority }: InspectionContext, id: string) {
  const client = id.length > LONGEST_CLIENT_ID ? undefined : await store.directory.loadClient(ClientId(id))
  const owner = client === undefined || 'problem' in client ? undefined : client.owner
  if (!mayOver(authority, 'explanations:read', owner)) throw lacking('explanations:read')
  return client
}

function clientCheck(id: string, client: Client | UnreadableClient | undefined): Check {
  const expected = 'one that exists and is enabled'
  if (client === undefined) return comparison('client', false, expected, id, 'it does not exist')
  if ('problem' in client)
    return comparison('client', false, expected, id, `its record can not be read: ${client.problem}`)
  const at = client.ended?.disabledAt
  const since = at === undefined ? 'it is disabled' : `it was disabled at ${new Date(at).toISOString()}`
  return comparison('client', client.enabled, expected, id, client.enabled ? undefined : since)
}

async function apiCheck({ store }: InspectionContext, audiences: readonly string[]): Promise<Check> {
  const apis = await loadApis({ store })
  const isThere = audiences.some((one) => apis.get(one) !== undefined || apis.unreadableOf(one) !== undefined)
  return comparison('aud', isThere, 'an API that exists', audiences.join(', '))
}

/** Whether the client that asks may see a token of one of the APIs. */
async function askedCheck({ store }: InspectionContext, asked: string, audiences: readonly string[]): Promise<Check> {
  const client = await store.directory.loadClient(ClientId(asked))
  if (client === undefined || 'problem' in client) throw new UserError(`there is no client ${JSON.stringify(asked)}`)
  const { introspects } = client
  const isListed = introspects === 'all' || audiences.some((one) => introspects.some((other) => isSameUri(one, other)))
  const may = introspects === 'all' ? 'all' : introspects.join(', ') || 'none'
  return comparison(`introspects of ${asked}`, isListed, audiences.join(' or '), may)
}

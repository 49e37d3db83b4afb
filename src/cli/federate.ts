import { parseAssertion } from '../client-auth/assertions/parse.ts'
import { type Check, explainMatch } from '../client-auth/federation/match.ts'
import { isSignedByIssuer } from '../client-auth/issuer-keys.ts'
import { RegisteredKeys } from '../client-auth/registered-keys.ts'
import { IssuerKeys } from '../client-auth/remote-jwks/discovery.ts'
import { RemoteKeySets } from '../client-auth/remote-jwks/key-sets.ts'
import { OutsideToken } from '../conditions/claims.ts'
import { Conditions } from '../conditions/conditions.ts'
import type { CompactJws } from '../crypto/jws/compact.ts'
import { Tries } from '../crypto/jws/verify.ts'
import { showClient } from '../management/clients/show.ts'
import { type FederatedCredential, isValid } from '../model/credentials/credential.ts'
import { ClientId } from '../oauth/ids.ts'
import { Refusal } from '../oauth/refusal.ts'
import { systemClock } from '../platform/clock.ts'
import { NotFound, UserError } from '../platform/user-error.ts'
import { keyFetcher, managementContext, withDatabase } from './database.ts'
import { checkLine } from './facts.ts'
import { type OutputOptions, show } from './format.ts'
import { print, printable, say } from './output.ts'
import { LONGEST_TOKEN_INPUT, readStandardInput } from './read-input.ts'

interface FederateTestOptions extends OutputOptions {
  readonly client: string
  readonly config?: string
}

/** The result of comparing a token with a federated credential. */
interface Outcome {
  readonly credential: string
  readonly issuer: string
  /** The reason why the credential accepts no token any more; undefined while it is valid. */
  readonly ended: 'revoked' | 'expired' | undefined
  readonly matched: boolean
  /** Undefined if the token has another issuer, whose keys this credential does not trust. */
  readonly signature: string | undefined
  readonly checks: readonly Check[]
}

/** `tessera federate test`: says which federated credential a token matches, and why the others don't. */
export const federateTest = ({ client: id, config, ...output }: FederateTestOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const client = await showClient(managementContext(opened), ClientId(id))
    if ('problem' in client) throw new UserError(`${JSON.stringify(id)} can't be read: ${client.problem}`)
    const { federated } = client.credentials
    if (federated.length === 0) throw new NotFound(`${JSON.stringify(id)} has no federated credential`)
    const jws = parse((await readStandardInput(LONGEST_TOKEN_INPUT)).trim())
    const fetcher = keyFetcher(opened.options)
    const keys = new IssuerKeys(systemClock, fetcher, new RemoteKeySets(systemClock, fetcher))
    const outcomes: Outcome[] = []
    for (const credential of federated) outcomes.push(await compare(credential, jws, keys))
    show(output, { data: outcomes, forPeople: () => outcomes.forEach(report) })
    if (!client.enabled) say(`${printable(id)} is disabled: every token is refused`)
    if (!outcomes.some(({ matched }) => matched)) process.exitCode = 1
  })

function parse(token: string): CompactJws {
  try {
    return parseAssertion(token)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new UserError(`standard input is not a signed JWT: ${JSON.stringify(error.detail)}`)
  }
}

async function compare(credential: FederatedCredential, jws: CompactJws, keys: IssuerKeys): Promise<Outcome> {
  const { id, label, trust } = credential
  const now = systemClock.now()
  const { matched, checks } = explainMatch(trust, new OutsideToken(jws.claims), { now, conditions: new Conditions() })
  const isIssuer = checks.some(({ check, passed }) => check === 'issuer' && passed)
  const signature = isIssuer ? await signatureOf(trust, jws, keys) : undefined
  const ended = endOf(credential, now)
  const isMatch = matched && signature === 'good' && ended === undefined
  return { credential: label || id, issuer: trust.issuer, ended, matched: isMatch, signature, checks }
}

function endOf(credential: FederatedCredential, now: number): Outcome['ended'] {
  if (credential.revokedAt !== undefined) return 'revoked'
  return isValid(credential, now) ? undefined : 'expired'
}

async function signatureOf(trust: FederatedCredential['trust'], jws: CompactJws, keys: IssuerKeys): Promise<string> {
  const { alg } = jws.header
  if (trust.algorithms !== undefined && !trust.algorithms.includes(alg)) return `alg ${alg} is not allowed`
  try {
    return (await isSignedByIssuer(jws, trust, { published: keys, registered: new RegisteredKeys() }, new Tries()))
      ? 'good'
      : 'no key of the issuer verifies it'
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return `the keys of the issuer could not be fetched: ${String(error.detail['message'] ?? error.reason)}`
  }
}

function report({ credential, issuer, ended, matched, signature, checks }: Outcome): void {
  print(printable(`${matched ? 'matches' : 'does not match'}  ${credential}  ${issuer}`))
  if (ended !== undefined) print(`  ✗ credential: ${ended}`)
  if (signature !== undefined) print(printable(`  ${signature === 'good' ? '✓' : '✗'} signature: ${signature}`))
  for (const check of checks) print(printable(`  ${checkLine(check)}`))
}

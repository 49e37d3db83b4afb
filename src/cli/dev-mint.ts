import type { Command } from 'commander'
import { generateKey } from '../keys/algorithms.ts'
import { createBatchSigner, type Signer } from '../keys/batch-signer.ts'
import { sampleToken } from '../management/lab/sample-token.ts'
import { ClientId } from '../oauth/ids.ts'
import { parseScope } from '../oauth/scope.ts'
import { systemClock, toSeconds } from '../platform/clock.ts'
import { systemRandom, uuidv7 } from '../platform/random.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import { isReservedClaim, LONGEST_TOKEN } from '../tokens/claims.ts'
import { signJwt } from '../tokens/jwt.ts'
import { managementContext } from './database.ts'
import { type Wrong, wrongClaims } from './dev/wrong.ts'
import { type Development, withDevelopment } from './development.ts'
import { parseDuration } from './duration.ts'
import { print } from './output.ts'

interface MintOptions {
  readonly client: string
  readonly audience: string
  readonly scope?: string
  readonly claim?: readonly string[]
  readonly lifetime?: string
  readonly wrong?: Wrong
}

/** `tessera dev mint`: prints a token as the development server would issue it now, or one that is wrong in one way. */
export const devMint = (options: MintOptions, command: Command): Promise<void> =>
  withDevelopment(command, async (development) => {
    const { claims, profile } = await decided(development, options)
    const now = toSeconds(systemClock.now())
    const lifetime = options.lifetime === undefined ? claims.exp - claims.iat : secondsOf(options.lifetime)
    const signer = await development.keyring.signer(profile.algorithm)
    const token = await signJwt(options.wrong === 'signature' ? await stranger(signer) : signer, profile.typ, {
      ...claims,
      ...claimsOf(options.claim ?? []),
      iat: now,
      exp: now + lifetime,
      jti: uuidv7(systemClock, systemRandom),
      ...wrongClaims(options.wrong, now, lifetime),
    })
    if (token.length > LONGEST_TOKEN)
      throw new UserError(`the token would have over ${LONGEST_TOKEN} characters: give fewer or shorter claims`)
    print(token)
  })

/** `tessera dev jwks`: prints the key set that the development server publishes. */
export const devJwks = (_options: object, command: Command): Promise<void> =>
  withDevelopment(command, async ({ keyring }) => print(keyring.published.body))

/** The token that the server would issue. @throws UserError if it would refuse the request, or if nobody but the server can make it */
async function decided({ config, store }: Development, { client, audience, scope }: MintOptions) {
  const asked = scope === undefined ? undefined : parseScope(scope)
  if (scope !== undefined && asked === undefined)
    throw new UsageError('--scope must be names of scopes, with one space between them (RFC 6749 §3.3)')
  const { issuer, token: settings } = config
  const context = { ...managementContext({ options: config, store }), issuer, defaultLifetime: settings.lifetime }
  const { token, refusal } = await sampleToken(context, { audience, client: ClientId(client), scope: asked })
  if (token === undefined)
    throw new UserError(
      `the server would refuse this: ${refusal?.description}; the manifest says what ${client} may have`,
    )
  if (token.profile.format === 'sealed')
    throw new UserError(`${audience} has sealed tokens, which it introspects: run \`tessera dev\`, and get one from it`)
  if (token.binding !== undefined)
    throw new UserError(
      `${audience} or ${client} wants a proof with each token: run \`tessera dev\`, and get one from it`,
    )
  return token
}

/** Seconds. */
function secondsOf(text: string): number {
  const seconds = Math.floor(parseDuration(text, '--lifetime') / 1000)
  if (seconds < 1) throw new UsageError('--lifetime must be at least 1s')
  return seconds
}

/** Reads `name=value` pairs. A value is JSON if it can be, else a text. */
function claimsOf(pairs: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name = '', text = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
      if (name === '') throw new UsageError(`--claim must be a name, = and a value, such as tenant=acme`)
      if (isReservedClaim(name))
        throw new UsageError(`--claim ${name}: the client, its API or the server gives this claim`)
      return [name, jsonOr(text)]
    }),
  )
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Another key of the same name, which nobody publishes. */
async function stranger({ kid, algorithm }: Signer): Promise<Signer> {
  return createBatchSigner(kid, algorithm, (await generateKey(algorithm)).privateKey)
}

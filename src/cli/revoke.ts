import { z } from 'zod'
import { parseCompact } from '../crypto/jws/compact.ts'
import { Keyring } from '../keys/keyring.ts'
import type { RevocationTarget } from '../management/revocations/add.ts'
import { DomainError } from '../platform/domain-error.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import { SEALED_FORM, Unsealer } from '../tokens/sealed.ts'
import type { Target } from './calls.ts'
import { type ConfirmOptions, confirm } from './confirm.ts'
import { masterKeyOf, withDatabase } from './database.ts'
import { clientEffect } from './effects.ts'
import { withTarget } from './operate.ts'
import { print, printable, say } from './output.ts'
import { LONGEST_TOKEN_INPUT, readStandardInput } from './read-input.ts'
import { requestIdIn } from './request-id.ts'
import type { TargetOptions } from './target.ts'

interface RevokeOptions extends ConfirmOptions, TargetOptions {
  readonly token?: true
  readonly jti?: string
  readonly client?: string
  readonly api?: string
  readonly key?: string
}

/** `tessera revoke`: revokes one token, or every token issued so far to a client, for an API or under a key. */
export async function revoke({ config, server, profile, reason, yes, ...given }: RevokeOptions): Promise<void> {
  const named = targetIn(given)
  const options = {
    ...(config !== undefined && { config }),
    ...(server !== undefined && { server }),
    ...(profile !== undefined && { profile }),
    ...(reason !== undefined && { reason }),
  }
  // Only a database has the keys that open a sealed token.
  const body = named ?? { kind: 'token', id: await readJti(config) }
  await withTarget(options, async (target) => {
    const effect = body.kind === 'token' ? [] : await effectOf(target, body)
    if (body.kind !== 'token') {
      const action = `revoke every token so far of the ${body.kind} ${JSON.stringify(body.id)}`
      await confirm({ action, effect }, yes ? { yes } : {})
    }
    const { kind, id } = await target.call('revocations.add', { body }, revocation)
    print(`revoked ${kind} ${printable(id)}`)
    // Nobody was asked, and so nobody has read it.
    if (yes) for (const line of effect) say(printable(line))
  })
}

const revocation = z.looseObject({ kind: z.string(), id: z.string() })

async function effectOf(target: Target, { kind, id }: RevocationTarget): Promise<readonly string[]> {
  const effect = kind === 'client' ? await clientEffect(target, id) : []
  return [
    ...effect,
    'Clients must get new tokens. APIs that verify tokens themselves accept the old ones until they expire.',
  ]
}

/** The target that the options name; undefined for the token on standard input. @throws UsageError */
function targetIn(given: Omit<RevokeOptions, keyof TargetOptions | 'yes'>): RevocationTarget | undefined {
  const chosen = Object.values(given).filter((value) => value !== undefined)
  if (chosen.length !== 1) throw new UsageError('give exactly one of --token, --jti, --client, --api and --key')
  for (const kind of ['client', 'api', 'key'] as const) {
    const id = given[kind]
    if (id !== undefined) return { kind, id }
  }
  return given.jti === undefined ? undefined : { kind: 'token', id: requestIdIn(given.jti) }
}

/** The `jti` of the token on standard input. An administrator may revoke a token whose signature nobody has checked. */
async function readJti(config: string | undefined): Promise<string> {
  const token = (await readStandardInput(LONGEST_TOKEN_INPUT)).trim()
  try {
    if (!SEALED_FORM.test(token)) return jtiOf(parseCompact(token).claims)
    return await withDatabase(config, async ({ options, store }) => {
      const keyring = await Keyring.open(store.keys, masterKeyOf(options))
      return jtiOf(new Unsealer().unseal(token, (reference) => keyring.sealingKeyOf(reference))?.claims)
    })
  } catch (error) {
    if (error instanceof UserError || error instanceof DomainError) throw error
    throw new UserError('standard input has no access token')
  }
}

const withJti = z.object({ jti: z.string() })

/** The `jti` among claims; empty if there is none. */
const jtiOf = (claims: unknown): string => withJti.safeParse(claims).data?.jti ?? ''

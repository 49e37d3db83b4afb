import { z } from 'zod'
import { parseCompact } from '../crypto/jws/compact.ts'
import { Keyring } from '../keys/keyring.ts'
import type { ManagementContext } from '../management/context.ts'
import { addRevocation, type RevocationTarget } from '../management/revocations/add.ts'
import { ClientId } from '../oauth/ids.ts'
import { DomainError } from '../platform/domain-error.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import { SEALED_FORM, Unsealer } from '../tokens/sealed.ts'
import { type ConfirmOptions, confirm } from './confirm.ts'
import { managementContext, masterKeyOf, type Opened, withDatabase } from './database.ts'
import { clientEffect } from './effects.ts'
import { print, printable } from './output.ts'
import { LONGEST_TOKEN_INPUT, readStandardInput } from './read-input.ts'
import { requestIdIn } from './request-id.ts'

interface RevokeOptions extends ConfirmOptions {
  readonly token?: true
  readonly jti?: string
  readonly client?: string
  readonly api?: string
  readonly key?: string
  readonly config?: string
}

/** `tessera revoke`: revokes one token, or every token issued so far to a client, for an API or under a key. */
export const revoke = ({ config, yes, ...given }: RevokeOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const context = managementContext(opened)
    const target = await targetOf(opened, given)
    if (target.kind !== 'token') {
      const action = `revoke every token so far of the ${target.kind} ${JSON.stringify(target.id)}`
      await confirm({ action, effect: await effectOf(context, target) }, yes ? { yes } : {})
    }
    const { kind, id } = await addRevocation(context, target)
    print(`revoked ${kind} ${printable(id)}`)
  })

async function effectOf(context: ManagementContext, { kind, id }: RevocationTarget): Promise<readonly string[]> {
  const effect = kind === 'client' ? await clientEffect(context, ClientId(id)) : []
  return [
    ...effect,
    'Clients must get new tokens. APIs that verify tokens themselves accept the old ones until they expire.',
  ]
}

async function targetOf(opened: Opened, given: Omit<RevokeOptions, 'config' | 'yes'>): Promise<RevocationTarget> {
  const chosen = Object.values(given).filter((value) => value !== undefined)
  if (chosen.length !== 1) throw new UsageError('give exactly one of --token, --jti, --client, --api and --key')
  for (const kind of ['client', 'api', 'key'] as const) {
    const id = given[kind]
    if (id !== undefined) return { kind, id }
  }
  return { kind: 'token', id: given.jti === undefined ? await readJti(opened) : requestIdIn(given.jti) }
}

/** The `jti` of the token on standard input. An administrator may revoke a token whose signature nobody has checked. */
async function readJti({ options, store }: Opened): Promise<string> {
  const token = (await readStandardInput(LONGEST_TOKEN_INPUT)).trim()
  try {
    if (!SEALED_FORM.test(token)) return jtiOf(parseCompact(token).claims)
    const keyring = await Keyring.open(store.keys, masterKeyOf(options))
    return jtiOf(new Unsealer().unseal(token, (reference) => keyring.sealingKeyOf(reference))?.claims)
  } catch (error) {
    if (error instanceof UserError || error instanceof DomainError) throw error
    throw new UserError('standard input has no access token')
  }
}

const withJti = z.object({ jti: z.string() })

/** The `jti` among claims; empty if there is none. */
const jtiOf = (claims: unknown): string => withJti.safeParse(claims).data?.jti ?? ''

import { z } from 'zod'
import { parseCompact } from '../crypto/jws/compact.ts'
import { Keyring } from '../keys/keyring.ts'
import { addRevocation, type RevocationTarget } from '../management/revocations/add.ts'
import { DomainError } from '../platform/domain-error.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import { SEALED_FORM, Unsealer } from '../tokens/sealed.ts'
import { managementContext, masterKeyOf, type Opened, withDatabase } from './database.ts'
import { print, printable } from './output.ts'
import { LONGEST_TOKEN_INPUT, readStandardInput } from './read-input.ts'
import { requestIdIn } from './request-id.ts'

interface RevokeOptions {
  readonly token?: true
  readonly jti?: string
  readonly client?: string
  readonly api?: string
  readonly key?: string
  readonly config?: string
}

/** `tessera revoke`: revokes one token, or every token issued so far to a client, for an API or under a key. */
export const revoke = ({ config, ...given }: RevokeOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const { kind, id } = await addRevocation(managementContext(opened), await targetOf(opened, given))
    print(`revoked ${kind} ${printable(id)}`)
  })

async function targetOf(opened: Opened, given: Omit<RevokeOptions, 'config'>): Promise<RevocationTarget> {
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

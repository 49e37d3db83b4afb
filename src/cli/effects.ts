import type { ManagementContext } from '../management/context.ts'
import { withName } from '../management/credentials/find.ts'
import { listCredentials } from '../management/credentials/list.ts'
import { listKeys } from '../management/keys/list.ts'
import type { ClientId, CredentialId } from '../oauth/ids.ts'

/** Events among which the last token of a client is looked for. */
const LAST_EVENTS = 100

const iso = (at: number): string => new Date(at).toISOString()

/** The things that end with a client or with one of its credentials, a line each. @throws NotFound if there is no such client */
export async function clientEffect(
  context: ManagementContext,
  client: ClientId,
  name?: string,
): Promise<readonly string[]> {
  const { found } = await listCredentials(context, client)
  const named = name === undefined ? found : found.filter(({ credential }) => withName([credential], name).length > 0)
  const uses = named.flatMap(({ lastUsedAt }) => (lastUsedAt === undefined ? [] : [lastUsedAt]))
  if (uses.length === 0) return ['It was never used.']
  const last = Math.max(...uses)
  const address = await lastAddressOf(
    context,
    client,
    named.map(({ credential }) => credential.id),
  )
  return [
    `It was last used at ${iso(last)}${address === undefined ? '' : ` from ${address}`}.`,
    ...(await tokensUntil(context, last)),
  ]
}

/** The things that end with a key, a line each. */
export async function keyEffect(context: ManagementContext, kid: string): Promise<readonly string[]> {
  const { found } = await listKeys(context)
  const key = found.find((one) => one.kid === kid)
  if (key === undefined) return []
  const state = key.state === 'active' ? 'It signs now, and another key takes its place.' : `It is ${key.state}.`
  return [state, 'Every token under it ends.']
}

/** The tokens that are still alive, in a line. @param last the time of the last token, milliseconds */
async function tokensUntil({ store, clock }: ManagementContext, last: number): Promise<readonly string[]> {
  const until = last + (await store.revocations.longestLifetime())
  return until < clock.now()
    ? []
    : [`APIs that verify tokens themselves accept its tokens until ${iso(until)} at the latest.`]
}

/** The address of the last token that the client got with one of the credentials. */
async function lastAddressOf(
  { store }: ManagementContext,
  clientId: ClientId,
  credentials: readonly CredentialId[],
): Promise<string | undefined> {
  const events = await store.audit.listEvents({ limit: LAST_EVENTS, clientId })
  const isOfThese = ({ credential }: Readonly<Record<string, unknown>>) => credentials.some((id) => id === credential)
  return events.findLast(({ type, result, detail }) => type === 'token.issue' && result === 'ok' && isOfThese(detail))
    ?.remoteAddress
}

import type { Client, Ended, RemovedCredential, UnreadableClient } from '../../model/client.ts'
import { type Credential, toCredentials } from '../../model/credentials/credential.ts'
import { ClientId } from '../../oauth/ids.ts'
import { CredentialError, type CredentialMaker } from '../credentials/make.ts'
import type { ClientInput } from '../schemas/client.ts'
import { toClient } from '../schemas/client.ts'
import type { CredentialInput } from '../schemas/credential.ts'
import { planCredential } from './credentials.ts'
import type { NewSecrets } from './new-secrets.ts'
import type { GeneratedSecret } from './plan.ts'

interface PlannedClient {
  readonly client: Client
  readonly generated: readonly GeneratedSecret[]
  /** One line, with the place in the file, for each thing that the manifest lists although an operator has ended it. */
  readonly stayingEnded: readonly string[]
}

interface ClientMeans {
  readonly maker: CredentialMaker
  readonly secrets: NewSecrets
  readonly origin: 'manifest' | 'command' | 'sample'
  readonly secretOf: (credential: CredentialInput, index: number) => string | undefined
  readonly errorAt: (path: readonly PropertyKey[], message: string) => Error
}

const date = (time: number): string => new Date(time).toISOString()

/**
 * A client as the manifest describes it, without the things that operators have ended.
 * @param existing undefined for a new client
 */
export async function planClient(
  wanted: ClientInput,
  existing: Client | UnreadableClient | undefined,
  means: ClientMeans,
): Promise<PlannedClient> {
  const isEndUnreadable = existing?.ended === 'unreadable'
  const { disabledAt } = isEndUnreadable ? { disabledAt: means.maker.clock.now() } : endedOf(existing)
  const { planned, generated, away, stayingEnded } = await planCredentials(wanted, existing, means)
  // A manifest may not remove credentials that a command has made.
  const isOthers = ({ origin }: { readonly origin: string }) => origin === 'command'
  const { all = [], unreadable = [] } = existing?.credentials ?? {}
  const { enabled, ...client } = toClient(wanted)
  const isKeptDisabled = enabled && disabledAt !== undefined
  const ended = { ...(disabledAt !== undefined && { disabledAt }), ...(away.length > 0 && { credentials: away }) }
  return {
    client: {
      ...client,
      manifest: existing?.manifest,
      enabled: enabled && !isKeptDisabled,
      credentials: toCredentials([...planned, ...all.filter(isOthers)], unreadable.filter(isOthers)),
      ...(Object.keys(ended).length > 0 && { ended }),
    },
    generated,
    stayingEnded: [
      ...(isKeptDisabled
        ? [
            means.errorAt(
              [],
              isEndUnreadable ? endedUnread(wanted.client_id) : stayingDisabled(wanted.client_id, disabledAt),
            ).message,
          ]
        : []),
      ...stayingEnded,
    ],
  }
}

/** The known things that operators have ended. */
const endedOf = (existing: Client | UnreadableClient | undefined): Ended =>
  existing?.ended === undefined || existing.ended === 'unreadable' ? {} : existing.ended

const endedUnread = (id: string): string =>
  `${JSON.stringify(id)} is disabled, because the record of its removed credentials can't be read. Check that the manifest lists no removed credential, then use \`tessera clients enable\``

const stayingDisabled = (id: string, since: number): string =>
  `${JSON.stringify(id)} stays disabled: a command disabled it on ${date(since)}, and \`tessera clients enable\` undoes that`

const stayingRemoved = (since: number): string =>
  `was removed by a command on ${date(since)}, and stays removed: take it out of the manifest, or give another label, secret or key`

const STAYING_REVOKED =
  'was revoked, and stays revoked: give another secret or key, or have a secret generated under another label'

async function planCredentials(
  wanted: ClientInput,
  existing: Client | UnreadableClient | undefined,
  { maker, secrets, origin, secretOf, errorAt }: ClientMeans,
) {
  const id = ClientId(wanted.client_id)
  const before = existing?.credentials.all ?? []
  const removed = endedOf(existing).credentials ?? []
  const planned: Credential[] = []
  const generated: GeneratedSecret[] = []
  const away: RemovedCredential[] = []
  const stayingEnded: string[] = []
  for (const [index, credential] of wanted.credentials.entries()) {
    const { label } = credential
    const source = { secret: secretOf(credential, index), generate: () => secrets.of(id, label), origin }
    const siblings = { before: [...before, ...planned], removed }
    const plan = await planCredential(maker, credential, source, siblings).catch((error: unknown) => {
      if (!(error instanceof CredentialError)) throw error
      throw errorAt(['credentials', index, ...(error.field === undefined ? [] : [error.field])], error.message)
    })
    if ('removedAt' in plan) {
      away.push(plan)
      stayingEnded.push(errorAt(['credentials', index], stayingRemoved(plan.removedAt)).message)
      continue
    }
    planned.push(plan.credential)
    if (plan.generated !== undefined) generated.push({ clientId: id, label, secret: plan.generated })
    if (plan.credential.revokedAt !== undefined)
      stayingEnded.push(errorAt(['credentials', index], STAYING_REVOKED).message)
  }
  return { planned, generated, away, stayingEnded }
}

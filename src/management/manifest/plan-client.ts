import type { Client, Ended, RemovedCredential, UnreadableClient } from '../../model/client.ts'
import { type Credential, type Credentials, toCredentials } from '../../model/credentials/credential.ts'
import { MOST_REVOKED, MOST_VALID, refuseMoreValid } from '../../model/credentials/life.ts'
import { ClientId, type CredentialId } from '../../oauth/ids.ts'
import { iso } from '../../platform/clock.ts'
import { Conflict, UserError } from '../../platform/user-error.ts'
import { requireFewImported } from '../credentials/change.ts'
import { CredentialError, type CredentialMaker } from '../credentials/make.ts'
import type { ClientInput } from '../schemas/client.ts'
import { toClient } from '../schemas/client.ts'
import type { CredentialInput } from '../schemas/credential.ts'
import { planCredential } from './credentials.ts'
import type { NewSecrets } from './new-secrets.ts'
import type { GeneratedSecret } from './plan.ts'
import type { GivenSecret } from './secret-source.ts'

interface PlannedClient {
  readonly client: Client
  readonly generated: readonly GeneratedSecret[]
  /**
   * One line, with the place in the file, for each thing that the manifest lists although an operator has ended it, and for each secret
   * that was not compared.
   */
  readonly warnings: readonly string[]
}

/** The present client; undefined for a new one. */
type PlannedFrom = Client | UnreadableClient | undefined

interface ClientMeans {
  readonly maker: CredentialMaker
  readonly secrets: NewSecrets
  readonly origin: 'manifest' | 'command' | 'sample'
  readonly secretOf: (credential: CredentialInput, index: number) => GivenSecret
  /** Whether nothing is written, so that the secrets of the manifest need not be known. */
  readonly dryRun: boolean
  readonly errorAt: (path: readonly PropertyKey[], message: string) => UserError
  /** Throws these errors, or the first of them, if there are any. */
  readonly refuse: (errors: readonly UserError[]) => void
}

/**
 * A client as the manifest describes it, without the things that operators have ended.
 * @param existing undefined for a new client
 */
export async function planClient(
  wanted: ClientInput,
  existing: PlannedFrom,
  means: ClientMeans,
): Promise<PlannedClient> {
  const isEndUnreadable = existing?.ended === 'unreadable'
  refuseMoreListed(wanted, existing, means)
  const { disabledAt } = isEndUnreadable ? { disabledAt: means.maker.clock.now() } : endedOf(existing)
  const { planned, generated, away, marked, warnings } = await planCredentials(wanted, existing, means)
  // A manifest may not remove credentials that a command has made.
  const isOthers = ({ origin }: { readonly origin: string }) => origin === 'command'
  const { all = [], unreadable = [] } = existing?.credentials ?? {}
  const others = all.filter((one) => isOthers(one) && !planned.some(({ id }) => id === one.id))
  const credentials = toCredentials([...planned, ...others], unreadable.filter(isOthers))
  refuseMore(existing, credentials, means)
  const { enabled, ...client } = toClient(wanted)
  const isKeptDisabled = enabled && disabledAt !== undefined
  const revoked = droppedRevoked(existing, [...planned, ...others, ...away.map(({ credential }) => credential)], marked)
  const ended = {
    ...(disabledAt !== undefined && { disabledAt }),
    ...(away.length > 0 && { credentials: away }),
    ...(revoked.length > 0 && { revoked }),
  }
  return {
    client: {
      ...client,
      manifest: undefined,
      enabled: enabled && !isKeptDisabled,
      credentials,
      ...(Object.keys(ended).length > 0 && { ended }),
    },
    generated,
    warnings: [
      ...(isKeptDisabled
        ? [
            means.errorAt(
              [],
              isEndUnreadable ? endedUnread(wanted.client_id) : stayingDisabled(wanted.client_id, disabledAt),
            ).message,
          ]
        : []),
      ...warnings,
    ],
  }
}

/**
 * Refuses a list that has more than the valid credentials that a client may have, before any of its secrets is hashed or compared. The
 * list may also have credentials that have ended. @throws the error at the credentials of the client
 */
function refuseMoreListed({ credentials }: ClientInput, existing: PlannedFrom, { errorAt, refuse }: ClientMeans): void {
  const most = MOST_VALID + Math.max(MOST_REVOKED, existing?.credentials.all.length ?? 0)
  if (credentials.length > most)
    refuse([errorAt(['credentials'], `a client may have at most ${MOST_VALID} valid credentials: leave some out`)])
}

/** Commands may have added credentials beside those of the manifest. @throws the error at the credentials of the client */
function refuseMore(existing: PlannedFrom, after: Credentials, { maker, errorAt, refuse }: ClientMeans): void {
  try {
    requireFewImported(existing?.credentials, after)
    refuseMoreValid(existing?.credentials.all ?? [], after.all, maker.clock.now())
  } catch (error) {
    if (!(error instanceof CredentialError || error instanceof Conflict)) throw error
    refuse([errorAt(['credentials'], error.message)])
  }
}

/** The known things that operators have ended. */
const endedOf = (existing: Client | UnreadableClient | undefined): Ended =>
  existing?.ended === undefined || existing.ended === 'unreadable' ? {} : existing.ended

/**
 * The revoked credentials that the manifest leaves out, or has left out before. A later manifest may name their secret again, as after
 * the undoing of a change.
 * @param staying the credentials that are recorded elsewhere @param marked those whose mark another credential bears
 */
function droppedRevoked(
  existing: PlannedFrom,
  staying: readonly Credential[],
  marked: ReadonlySet<CredentialId>,
): readonly Credential[] {
  const { credentials = [], revoked = [] } = endedOf(existing)
  const kept = new Set(staying.map(({ id }) => id))
  return [...revoked, ...credentials.map(({ credential }) => credential), ...(existing?.credentials.all ?? [])]
    .filter(({ id, revokedAt }) => revokedAt !== undefined && !kept.has(id) && !marked.has(id))
    .slice(-MOST_REVOKED)
}

const endedUnread = (id: string): string =>
  `${JSON.stringify(id)} is disabled, because the record of its removed credentials can't be read. Check that the manifest lists no removed credential, then use \`tessera clients enable\``

const stayingDisabled = (id: string, since: number): string =>
  `${JSON.stringify(id)} stays disabled: a command disabled it on ${iso(since)}, and \`tessera clients enable\` undoes that`

const stayingRemoved = (since: number): string =>
  `was removed by a command on ${iso(since)}, and stays removed: take it out of the manifest, or give another label, secret or key`

const STAYING_REVOKED =
  'was revoked, and stays revoked: give another secret or key, or have a secret generated under another label'

async function planCredentials(
  wanted: ClientInput,
  existing: PlannedFrom,
  { maker, secrets, origin, secretOf, errorAt, refuse, dryRun }: ClientMeans,
) {
  const id = ClientId(wanted.client_id)
  const before = existing?.credentials.all ?? []
  const { credentials: removed = [], revoked = [] } = endedOf(existing)
  const marked = new Set<CredentialId>()
  const planned: Credential[] = []
  const generated: GeneratedSecret[] = []
  const away: RemovedCredential[] = []
  const warnings: string[] = []
  const errors: UserError[] = []
  for (const [index, credential] of wanted.credentials.entries()) {
    const { label } = credential
    const path = ['credentials', index] as const
    const given = noting(errors, () => secretOf(credential, index))
    if (given === undefined) continue
    const isUnknown = given.unknown !== undefined
    if (given.unknown !== undefined) {
      const { field, why } = given.unknown
      if (dryRun) warnings.push(errorAt([...path, field], `was not compared: ${why}`).message)
      else errors.push(errorAt([...path, field], why))
    }
    const isTrial = dryRun && existing === undefined
    const source = { secret: given.secret, isUnknown, generate: () => secrets.of(id, label), isTrial, origin }
    const siblings = { before: [...before, ...planned], removed, revoked }
    const plan = await planCredential(maker, credential, source, siblings).catch((error: unknown) => {
      if (!(error instanceof CredentialError)) throw error
      errors.push(errorAt([...path, ...(error.field === undefined ? [] : [error.field])], error.message))
    })
    if (plan === undefined) continue
    if ('removedAt' in plan) {
      away.push(plan)
      warnings.push(errorAt(path, stayingRemoved(plan.removedAt)).message)
      continue
    }
    planned.push(plan.credential)
    if (plan.marked !== undefined) marked.add(plan.marked)
    if (plan.generated !== undefined) generated.push({ clientId: id, label, secret: plan.generated })
    if (plan.credential.revokedAt !== undefined) warnings.push(errorAt(path, STAYING_REVOKED).message)
  }
  refuse(errors)
  return { planned, generated, away, marked, warnings }
}

/** Runs `work`, and notes its UserError. @returns undefined in that case */
function noting<Result>(errors: UserError[], work: () => Result): Result | undefined {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    errors.push(error)
    return undefined
  }
}

import type { AuditEvent, AuditEventType } from '../../audit/event.ts'
import type { Credential, Credentials, UnreadableCredential } from '../../model/credentials/credential.ts'
import { MOST_IMPORTED } from '../../model/credentials/imported-hash.ts'
import { type CredentialWrites, nameOf, refuseMoreValid } from '../../model/credentials/life.ts'
import { isImported } from '../../model/credentials/secret-hash.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { Conflict } from '../../platform/user-error.ts'
import { noClient } from '../authority/absent.ts'
import { requireOverClient } from '../authority/client-rights.ts'
import type { Permission } from '../authority/permissions.ts'
import { maySee } from '../clients/show.ts'
import { type ManagementContext, recordedBy } from '../context.ts'
import { credentialChanges, type Standing } from '../fields.ts'
import { listCredentials } from './list.ts'
import { CredentialError, type MadeCredential, refuseOtherSalt } from './make.ts'

/** The permission that each change of credentials takes. */
const PERMISSIONS = {
  'credential.add': 'credentials:write',
  'credential.change': 'credentials:write',
  'credential.rotate': 'credentials:rotate',
  'credential.cancel': 'credentials:rotate',
  'credential.revoke': 'credentials:delete',
  'credential.remove': 'credentials:delete',
} as const satisfies Partial<Record<AuditEventType, Permission>>

type CredentialEventType = keyof typeof PERMISSIONS

/** One change of a client's credentials. */
export interface CredentialChange<Subject extends Credential | UnreadableCredential = Credential> {
  readonly writes: CredentialWrites
  /** The credential that the event is about. */
  readonly credential: Subject
  /** Further members of the detail of the event. */
  readonly extraDetail?: AuditEvent['detail']
}

/** Names one credential of a client. */
export interface CredentialName {
  readonly client: ClientId
  /** The id or label. */
  readonly name: string
}

/** Refuses a change of a state that its author has not seen. It is called in the transaction, and throws to refuse. */
export interface Expecting<Subject> {
  readonly expected?: (present: Subject) => void
}

/**
 * Changes the credentials of a client and records the change, in one transaction.
 * @param plan called with the present credentials, possibly more than once
 * @returns the result of `plan`
 * @throws NotFound if the client does not exist; NotAllowed; the errors of `plan`
 */
export async function changeCredentials<Change extends CredentialChange<Credential | UnreadableCredential>>(
  context: ManagementContext,
  client: ClientId,
  type: CredentialEventType,
  plan: (credentials: Credentials) => Change,
): Promise<Change> {
  const step = await context.store.model.updateCredentials(client, (before) => {
    // The answer shows credentials, so that a change without this would end in an error.
    if (!maySee(context, before)) throw noClient(client)
    requireOverClient(context.authority, PERMISSIONS[type], before)
    const change = plan(before.credentials)
    const after = standingAfter(before.credentials, change.writes)
    requireFewImported(before.credentials, after)
    refuseMoreValid(before.credentials.all, after.all, context.clock.now())
    const { id, label } = change.credential
    const kind = 'problem' in change.credential ? undefined : change.credential.kind
    const event = recordedBy(context, {
      type,
      clientId: client,
      detail: {
        client_name: 'problem' in before ? undefined : before.name,
        credential: id,
        label,
        kind,
        ...change.extraDetail,
      },
      changes: credentialChanges(client, before.credentials, after),
    })
    return { change, writes: change.writes, event }
  })
  if (step === undefined) throw noClient(client)
  return step.change
}

/** Refuses an imported hash beyond the most that a client may have. @throws CredentialError */
export function requireFewImported(before: Pick<Standing, 'all'> | undefined, after: Pick<Standing, 'all'>): void {
  const count = ({ all }: Pick<Standing, 'all'>) =>
    all.filter((credential) => credential.kind === 'secret' && isImported(credential.hash)).length
  const most = Math.max(MOST_IMPORTED, before === undefined ? 0 : count(before))
  if (count(after) > most)
    throw new CredentialError(
      `a client may have at most ${MOST_IMPORTED} credentials with a secret_hash`,
      'secret_hash',
    )
}

/** The addition of a credential, with the values needed to show its secret first. */
interface Addition<Change> {
  readonly type: CredentialEventType
  /** The credentials as they were when the new one was made. */
  readonly before: Standing
  readonly add: (credentials: Standing) => Change
  readonly generated: string | undefined
  readonly show: ShowSecret
}

/**
 * Shows a new secret to a person. It is called before the credential is written, so that every stored secret has been seen. If it
 * throws, the error is passed on and nothing is written.
 */
export type ShowSecret = (made: MadeCredential) => void

/**
 * Adds a credential, after a generated secret was shown. The secret is shown outside the transaction, since a slow reader of the
 * output must not block writers.
 * @throws UserError if somebody else has taken the label that was shown
 */
export function addShown<Change extends CredentialChange>(
  context: ManagementContext,
  client: ClientId,
  { type, before, add, generated, show }: Addition<Change>,
): Promise<Change> {
  if (generated === undefined) {
    return changeCredentials(context, client, type, (credentials) => {
      const change = add(credentials)
      refuseOtherSalt(credentials.all, change.credential)
      return change
    })
  }
  const { credential: shown, writes } = add(before)
  refuseMoreValid(before.all, standingAfter(before, writes).all, context.clock.now())
  show({ credential: shown, generated })
  return changeCredentials(context, client, type, (credentials) => {
    const change = add(credentials)
    if (change.credential.label === shown.label) return change
    throw new Conflict(`somebody else added a credential ${nameOf(shown)} at the same time: try again`)
  })
}

/** The present credentials of a client. @throws UserError if the client does not exist */
export async function requireCredentials(context: ManagementContext, client: ClientId): Promise<Standing> {
  const { found, unreadable } = await listCredentials(context, client)
  return { all: found.map(({ credential }) => credential), unreadable }
}

function standingAfter({ all, unreadable }: Standing, { put, remove }: CredentialWrites): Standing {
  const isLeft = ({ id }: Credential | UnreadableCredential) =>
    !remove.includes(id) && !put.some((one) => one.id === id)
  return { all: [...all.filter(isLeft), ...put], unreadable: unreadable.filter(isLeft) }
}

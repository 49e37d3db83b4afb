import type { AuditEvent, AuditEventType } from '../../audit/event.ts'
import { systemEvent } from '../../audit/system-event.ts'
import {
  type Credential,
  type Credentials,
  isValid,
  type UnreadableCredential,
} from '../../model/credentials/credential.ts'
import {
  type CredentialWrites,
  cancel,
  freeLabel,
  nameOf,
  remove,
  revoke,
  rotate,
  successorOf,
} from '../../model/credentials/life.ts'
import type { CredentialStore } from '../../model/credentials/store.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { hasControl } from '../../platform/text.ts'
import { UserError } from '../../platform/user-error.ts'
import { type CredentialMaker, type Given, makeCredential } from './make.ts'

/** What an administrator's commands on credentials need. Running servers see what they do within a second. */
export interface CredentialOperations {
  readonly store: Pick<CredentialStore, 'listCredentials' | 'updateCredentials'>
  readonly maker: CredentialMaker
}

/** The dependencies of an operation that may make a secret. */
export interface AddingOperations extends CredentialOperations {
  /**
   * Shows a new secret to a person. It is called before the credential is written, so that every stored secret has been seen. If
   * it throws, the error is passed on and nothing is written.
   */
  readonly show: (made: Made) => void
}

/** What was made, and its secret where one was generated: to be shown once. */
export interface Made {
  readonly credential: Credential
  readonly generated: string | undefined
}

/** What a new credential is to be, where it is not as one would expect. */
export interface Wanted {
  readonly given: Given | undefined
  readonly label: string | undefined
  /** Milliseconds. */
  readonly expiresAt: number | undefined
}

/** Adds a credential beside those that a client has. @throws UserError */
export async function addCredential(
  operations: AddingOperations,
  client: ClientId,
  { given = { kind: 'secret', secret: undefined, isRetrievable: false }, label, expiresAt }: Wanted,
): Promise<Made> {
  const before = await credentialsOf(operations, client)
  const wantedLabel = label === undefined ? `added ${today(operations)}` : checkLabel(label)
  const terms = { label: wantedLabel, origin: 'command', expiresAt } as const
  const { credential, generated } = await makeCredential(operations.maker, given, terms, before.all)
  const add = ({ all }: Standing): Step => {
    const labelled = { ...credential, label: freeLabel(wantedLabel, all) }
    return { writes: { put: [labelled], remove: [] }, credential: labelled }
  }
  return { credential: await updateShown(operations, client, 'credential.add', { before, add, generated }), generated }
}

/**
 * Puts a new credential after one, which lives on for the overlap. @param name id or label; the only one that counts where
 * undefined @param overlap milliseconds @throws UserError
 */
export async function rotateCredential(
  operations: AddingOperations,
  client: ClientId,
  name: string | undefined,
  { given, label, expiresAt }: Wanted,
  overlap: number,
): Promise<Made & { readonly old: Credential }> {
  const before = await credentialsOf(operations, client)
  const replaced = find(before, name, operations.maker.clock.now())
  const wanted = given ?? sameKind(replaced)
  const wantedLabel = label === undefined ? nextLabel(replaced, today(operations)) : checkLabel(label)
  const terms = { label: wantedLabel, origin: 'command', expiresAt } as const
  const { credential: made, generated } = await makeCredential(operations.maker, wanted, terms, before.all)
  let old = replaced
  const add = (credentials: Standing): Step => {
    const now = operations.maker.clock.now()
    const labelled = { ...made, label: freeLabel(wantedLabel, credentials.all) }
    const writes = rotate(credentials.all, find(credentials, replaced.id, now), labelled, overlap, now)
    const [shortened = replaced, successor = labelled] = writes.put
    old = shortened
    return { writes, credential: successor, more: { replaces: replaced.id, old_expires: iso(old.expiresAt) } }
  }
  const credential = await updateShown(operations, client, 'credential.rotate', { before, add, generated })
  return { credential, generated, old }
}

/** Undoes a rotation. @param name of the new credential, or of the one before it @throws UserError */
export function cancelRotation(operations: CredentialOperations, client: ClientId, name: string): Promise<Credential> {
  return update(operations, client, 'credential.cancel', (credentials) => {
    const now = operations.maker.clock.now()
    const named = find(credentials, name, now)
    // Of several that came after it, the one that counts: the others were revoked.
    const successor =
      successorOf(credentials.all, named) ?? credentials.all.find(({ replaces }) => replaces?.id === named.id) ?? named
    const writes = cancel(credentials.all, successor, now)
    return { writes, credential: writes.put[0] ?? named, more: { removed: successor.id } }
  })
}

/** Ends a credential now. @throws UserError */
export const revokeCredential = (operations: CredentialOperations, client: ClientId, name: string) =>
  update(operations, client, 'credential.revoke', (credentials) => {
    const now = operations.maker.clock.now()
    const writes = revoke(find(credentials, name, now), now)
    return { writes, credential: writes.put[0] ?? find(credentials, name, now) }
  })

/**
 * Removes a credential for good, even an unreadable one: no manifest brings it back. An unreadable credential can't be compared,
 * so a manifest that names its label makes a new one.
 * @throws UserError
 */
export const removeCredential = (
  operations: CredentialOperations,
  client: ClientId,
  name: string,
): Promise<Credential | UnreadableCredential> =>
  update<Credential | UnreadableCredential>(operations, client, 'credential.remove', (credentials) => {
    const [unreadable] = withName(credentials.unreadable, name)
    if (unreadable !== undefined) return { writes: { put: [], remove: [unreadable.id] }, credential: unreadable }
    const credential = find(credentials, name, operations.maker.clock.now())
    return { writes: remove(credentials.all, credential), credential }
  })

/** Gives a credential of a command's another label: by its own, a manifest knows each again. @throws UserError */
export const labelCredential = (operations: CredentialOperations, client: ClientId, name: string, label: string) =>
  update(operations, client, 'credential.change', (credentials) => {
    checkLabel(label)
    const credential = find(credentials, name, operations.maker.clock.now())
    if (credential.origin === 'manifest') {
      throw new UserError(`${nameOf(credential)} is a manifest's: change its label there`)
    }
    if (credentials.all.some((other) => other.label === label && other.id !== credential.id))
      throw new UserError(`the client has another credential with the label ${JSON.stringify(label)}`)
    const put = { ...credential, label }
    return { writes: { put: [put], remove: [] }, credential: put }
  })

/** The credentials of a client as they are. */
type Standing = Pick<Credentials, 'all' | 'unreadable'>

interface Step<Subject = Credential> {
  readonly writes: CredentialWrites
  /** The one that the event is about. */
  readonly credential: Subject
  readonly more?: AuditEvent['detail']
}

/** A new credential, and the values needed to show its secret first. */
interface Addition {
  /** The credentials as they were when the new one was made. */
  readonly before: Standing
  readonly add: (credentials: Standing) => Step
  readonly generated: string | undefined
}

/**
 * Adds a credential, after a generated secret was shown. The secret is shown outside the transaction, since a slow reader of the
 * output must not block writers.
 */
function updateShown(
  operations: AddingOperations,
  client: ClientId,
  type: AuditEventType,
  { before, add, generated }: Addition,
): Promise<Credential> {
  if (generated === undefined) return update(operations, client, type, add)
  const shown = add(before).credential
  operations.show({ credential: shown, generated })
  return update(operations, client, type, (credentials) => {
    const step = add(credentials)
    if (step.credential.label === shown.label) return step
    throw new UserError(`somebody else added a credential ${nameOf(shown)} at the same time: try again`)
  })
}

async function update<Subject extends Credential | UnreadableCredential = Credential>(
  { store, maker }: CredentialOperations,
  client: ClientId,
  type: AuditEventType,
  plan: (credentials: Credentials) => Step<Subject>,
): Promise<Subject> {
  let changed: Subject | undefined
  const written = await store.updateCredentials(client, (credentials) => {
    const { writes, credential, more } = plan(credentials)
    changed = credential
    const { id, label } = credential
    const kind = 'problem' in credential ? undefined : credential.kind
    const event = systemEvent(type, { credential: id, label, kind, ...more }, maker)
    return { writes, event: { ...event, clientId: client } }
  })
  if (written === undefined || changed === undefined) throw noClient(client)
  return changed
}

async function credentialsOf({ store }: CredentialOperations, client: ClientId): Promise<Standing> {
  const listed = await store.listCredentials(client)
  if (listed === undefined) throw noClient(client)
  return { all: listed.found.map(({ credential }) => credential), unreadable: listed.unreadable }
}

const noClient = (client: ClientId): UserError => new UserError(`there is no client ${JSON.stringify(client)}`)

const withName = <Named extends Credential | UnreadableCredential>(credentials: readonly Named[], name: string) =>
  credentials.filter(({ id, label }) => id === name || label === name)

/** The credential of this id or label; without a name, the only one that counts and has no successor. */
function find({ all, unreadable }: Standing, name: string | undefined, now: number): Credential {
  if (name === undefined) {
    const current = all.filter((credential) => isValid(credential, now) && successorOf(all, credential) === undefined)
    const [only, ...others] = current
    if (only !== undefined && others.length === 0) return only
    if (only === undefined) throw new UserError('the client has no credential that counts')
    throw new UserError(`say which: ${current.map(nameOf).join(', ')}`)
  }
  const [lost] = withName(unreadable, name)
  if (lost !== undefined) throw new UserError(`${lost.id} can't be read (${lost.problem}): it can only be removed`)
  const found = withName(all, name)
  const [only, ...others] = found
  if (only === undefined) {
    const have = all.length === 0 ? 'none' : all.map(nameOf).join(', ')
    throw new UserError(`the client has no credential ${JSON.stringify(name)}; it has ${have}`)
  }
  if (others.length > 0)
    throw new UserError(`several credentials have that label: ${found.map(({ id }) => id).join(', ')}`)
  return only
}

/** What comes after a secret is a secret; what comes after anything else only its owner can say. */
function sameKind(replaced: Credential): Given {
  if (replaced.kind === 'secret') {
    return { kind: 'secret', secret: undefined, isRetrievable: replaced.retrievable !== undefined }
  }
  throw new UserError(`${nameOf(replaced)} is of the kind ${replaced.kind}: say what comes after it`)
}

const LONGEST_LABEL = 128

/** What a manifest takes for a label, too. @throws UserError */
function checkLabel(label: string): string {
  if (label !== '' && label.length <= LONGEST_LABEL && !hasControl(label)) return label
  throw new UserError(`a label has 1 to ${LONGEST_LABEL} characters, none of them a control character`)
}

/** The label without the date of an earlier rotation, and with that of today. */
function nextLabel({ label, kind }: Credential, date: string): string {
  const base = label.replace(/, \d{4}-\d\d-\d\d( \(\d+\))?$/, '') || kind
  return `${base.slice(0, LONGEST_LABEL - 20)}, ${date}`
}

const today = ({ maker }: CredentialOperations): string => new Date(maker.clock.now()).toISOString().slice(0, 10)
const iso = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString()

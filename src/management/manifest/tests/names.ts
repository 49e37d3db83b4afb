import type { Client } from '../../../model/client.ts'
import { RecordUnreadable } from '../../../model/directory/record-unreadable.ts'
import { ClientId } from '../../../oauth/ids.ts'
import type { UserError } from '../../../platform/user-error.ts'
import { missingApi, type Naming } from '../../authority/missing.ts'
import { referableApis } from '../../authority/referable.ts'
import type { ManifestTest } from '../reading/test-schema.ts'
import type { TestedState } from './state.ts'

/** The means to report what a test names. */
interface Reporting {
  /** Makes an error about the value at a path within the test. */
  readonly errorAt: (path: readonly PropertyKey[], message: string) => UserError
  readonly named: Naming
}

/** Finds clients, APIs and scopes that a test names and that don't exist. A refusal of such a name would prove nothing. */
export async function* findUnknown(
  test: ManifestTest,
  state: TestedState,
  reporting: Reporting,
): AsyncGenerator<UserError> {
  const { errorAt, named } = reporting
  const client = test.client === undefined ? undefined : await find(test.client, state, named)
  if (typeof client === 'string') yield errorAt(['client'], client)
  if (test.matches !== undefined && test.matches !== 'nobody') yield* findUnknownMatch(test.matches, state, reporting)
  const apis = referableApis(state.authority, typeof client === 'string' ? undefined : client, state.apis)
  const audiences = [
    { path: ['resource'], names: test.resource },
    { path: ['gets', 'audience'], names: test.gets?.audience ?? [] },
  ]
  for (const { path, names } of audiences)
    for (const name of names) if (apis.get(name) === undefined) yield errorAt(path, missingApi(name, apis, named))
  const scopes = [
    { path: ['scope'], names: test.scope ?? [] },
    { path: ['gets', 'scopes'], names: test.gets?.scopes ?? [] },
  ]
  const known = () => apis.all.flatMap((api) => api.scopes.map(({ name }) => name))
  for (const { path, names } of scopes)
    for (const name of names)
      if (apis.withScope(name).length === 0) yield errorAt(path, `no API has the scope ${named(name, known)}`)
}

async function* findUnknownMatch(
  { client, credential }: Exclude<NonNullable<ManifestTest['matches']>, 'nobody'>,
  state: TestedState,
  { errorAt, named }: Reporting,
): AsyncGenerator<UserError> {
  const found = await find(client, state, named)
  if (typeof found === 'string') {
    yield errorAt(['matches', 'client'], found)
    return
  }
  const names = found.credentials.federated.flatMap(({ id, label }) => [label, id])
  if (credential !== undefined && !names.includes(credential))
    yield errorAt(['matches', 'credential'], `the client has no federated credential ${named(credential, () => names)}`)
}

/** A client; a text that says why there is none. */
async function find(id: string, { clients, ids }: TestedState, named: Naming): Promise<Client | string> {
  try {
    return (await clients.client(ClientId(id))) ?? `there is no client ${named(id, () => ids)}`
  } catch (error) {
    if (error instanceof RecordUnreadable)
      return `the client ${JSON.stringify(id)} can't be read: name it in the manifest, too`
    throw error
  }
}

import type { Client } from '../../../model/client.ts'
import type { Credential } from '../../../model/credentials/credential.ts'
import { freeLabel, successorOf } from '../../../model/credentials/life.ts'
import { iso } from '../../../platform/clock.ts'
import { fromProof } from '../../credentials/proof.ts'
import { manifestCredentialSchema } from '../../schemas/credential.ts'
import { withoutDefaults } from '../../schemas/without-defaults.ts'
import type { Note } from './exported.ts'
import { variableName } from './variable-name.ts'

interface ExportedCredentials {
  readonly entries: readonly unknown[]
  readonly notes: readonly Note[]
}

/**
 * The credentials of a client, by label. Secrets are not among them: a generated one stays as it is where it exists, and is generated
 * anew elsewhere; a chosen one comes from a variable.
 * @param now milliseconds
 */
export function exportCredentials({ id, credentials, ended }: Client, now: number): ExportedCredentials {
  const kept = labelled(credentials.all.filter(({ revokedAt }) => revokedAt === undefined))
  return {
    entries: kept.map(({ label, credential }) => entryOf(id, label, credential)),
    notes: [
      ...credentials.all.flatMap(({ label, revokedAt }) =>
        revokedAt === undefined ? [] : [revoked(label, revokedAt)],
      ),
      ...(ended?.credentials ?? []).map(({ credential: { label }, removedAt }) => removed(label, removedAt)),
      ...credentials.unreadable.map(({ label, problem }) => unread(label, problem)),
      ...kept.flatMap(({ label, credential }, index) =>
        remarks(label, credential, credentials.all, now).map((text) => ({ credential: index, text })),
      ),
    ],
  }
}

interface Labelled {
  readonly label: string
  readonly credential: Credential
}

/** A manifest tells credentials apart by their labels, which commands may have given twice. */
function labelled(credentials: readonly Credential[]): readonly Labelled[] {
  const taken: Credential[] = []
  for (const credential of credentials) taken.push({ ...credential, label: freeLabel(credential.label, taken) })
  return taken
    .map((renamed, index) => ({ label: renamed.label, credential: credentials[index] ?? renamed }))
    .toSorted((one, other) => (one.label < other.label ? -1 : 1))
}

const entryOf = (client: string, label: string, credential: Credential): unknown =>
  withoutDefaults(manifestCredentialSchema, {
    ...fromProof(credential),
    label,
    secret_env: isChosen(credential) ? variableName(client, label) : undefined,
    expires: iso(credential.expiresAt),
  })

/** Whether a person chose the secret. Generated ones alone have a fast hash. */
const isChosen = (credential: Credential): boolean => credential.kind === 'secret' && credential.hash.kind !== 'sha256'

const quoted = (label: string): string => (label === '' ? 'without a label' : JSON.stringify(label))

const revoked = (label: string, at: number): Note => ({
  text: `the credential ${quoted(label)} is left out: it was revoked on ${iso(at)}, and would be valid elsewhere`,
})

const removed = (label: string, at: number): Note => ({
  text: `the credential ${quoted(label)} is left out: a command removed it on ${iso(at)}`,
})

const unread = (label: string, problem: string): Note => ({
  text: `the credential ${quoted(label)} is left out: its record can't be read (${problem})`,
})

function remarks(label: string, credential: Credential, all: readonly Credential[], now: number): readonly string[] {
  const { origin, expiresAt } = credential
  const successor = successorOf(all, credential)
  return [
    ...(label === credential.label ? [] : [`its label is ${quoted(credential.label)}, as that of another credential`]),
    ...(origin === 'command' ? ['made by a command'] : []),
    ...(origin === 'sample' ? ['of the sample of `tessera dev`: everybody knows its secret, so give another'] : []),
    ...(expiresAt !== undefined && expiresAt <= now ? ['expired'] : []),
    ...(successor === undefined ? [] : [`replaced by ${quoted(successor.label)}`]),
  ]
}

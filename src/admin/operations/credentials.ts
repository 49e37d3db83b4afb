import { z } from 'zod'
import { addCredential } from '../../management/credentials/add.ts'
import { cancelRotation } from '../../management/credentials/cancel.ts'
import { labelCredential } from '../../management/credentials/label.ts'
import { listCredentials } from '../../management/credentials/list.ts'
import type { CredentialSpec, MadeCredential } from '../../management/credentials/make.ts'
import { proofOf } from '../../management/credentials/proof.ts'
import { removeCredential } from '../../management/credentials/remove.ts'
import { revokeCredential } from '../../management/credentials/revoke.ts'
import { rotateCredential } from '../../management/credentials/rotate.ts'
import { expiryOf, newCredentialSchema } from '../../management/schemas/credential.ts'
import { line } from '../../management/schemas/values.ts'
import type { Credential, UnreadableCredential } from '../../model/credentials/credential.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { NotFound } from '../../platform/user-error.ts'
import type { Answer } from './answer.ts'
import type { CallContext } from './call-context.ts'
import { ofClient } from './clients.ts'
import {
  bodyOf,
  type CredentialBody,
  credentialAnswer,
  credentialBody,
  made,
  madeAnswer,
  stateOf,
  unreadableBody,
  used,
} from './credential-answers.ts'
import { noBody, noQuery, operation } from './operation.ts'
import { refuseStale } from './precondition.ts'

/** The longest time for which a rotated credential stays valid. Seconds. */
const LONGEST_OVERLAP = 366 * 24 * 3600
const DEFAULT_OVERLAP = 7 * 24 * 3600

export const ofCredential = {
  parameters: ofClient.parameters.extend({
    credential: z.string().min(1).max(256).describe('The id of the credential, or its label.'),
  }),
} as const

const spec = (given: z.output<typeof newCredentialSchema>, now: number): CredentialSpec => ({
  proof: proofOf(given, given.secret),
  label: given.label === '' ? undefined : given.label,
  expiresAt: given.expires === undefined ? undefined : expiryOf(given.expires, now),
})

const path = { client_id: 'billing', credential: 'first' } as const
const example: CredentialBody = {
  id: '01931a8e-0000-7000-8000-000000000001',
  client_id: path.client_id,
  kind: 'secret',
  label: path.credential,
  hint: 'x7Qe',
  origin: 'command',
  status: 'active',
  created: '2026-11-26T08:00:00.000Z',
}

export const credentialOperations = [
  operation({
    id: 'credentials.of-client',
    method: 'GET',
    path: '/clients/{client_id}/credentials',
    summary: 'List the credentials of a client, and their status',
    access: 'clients:read',
    ...ofClient,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({ items: z.array(credentialAnswer) }),
    commands: ['credentials list'],
    example: { path: { client_id: path.client_id }, answer: { items: [example] } },
    run: async ({ management }, { path: { client_id: id } }) => {
      const { found, unreadable } = await listCredentials(management, id)
      const items = [
        ...found.map((one) => credentialBody(id, one, found, management.clock.now())),
        ...unreadable.map((one) => unreadableBody(id, one)),
      ]
      return { body: { items }, state: null }
    },
  }),
  operation({
    id: 'credentials.show',
    method: 'GET',
    path: '/clients/{client_id}/credentials/{credential}',
    summary: 'Show a credential, without its secret or keys',
    access: 'clients:read',
    ...ofCredential,
    ...noQuery,
    ...noBody,
    answer: credentialAnswer,
    example: { path, answer: example },
    run: async (context, { path: { client_id: id, credential } }) => {
      const body = await findBody(context, id, credential)
      return { body, state: stateOf(body) }
    },
  }),
  operation({
    id: 'credentials.add',
    method: 'POST',
    path: '/clients/{client_id}/credentials',
    summary: 'Add a credential to a client; without material, a secret is generated',
    access: 'credentials:write',
    ...ofClient,
    ...noQuery,
    body: newCredentialSchema,
    status: 201,
    answer: madeAnswer,
    commands: ['credentials add'],
    example: {
      path: { client_id: path.client_id },
      body: { label: 'second', expires: '2027-11-26T00:00:00Z' },
      answer: { ...example, label: 'second', secret: 'tss_…' },
    },
    run: async ({ management, show }, { path: { client_id: id }, body }) => {
      const now = management.clock.now()
      const input = { client: id, spec: spec(body, now), show: shown(management, id, show) }
      return made(id, now, await addCredential(management, input))
    },
  }),
  operation({
    id: 'credentials.rotate',
    method: 'POST',
    path: '/clients/{client_id}/credentials/{credential}/rotate',
    summary: 'Add the successor of a credential; the old one expires after the overlap',
    access: 'credentials:rotate',
    ...ofCredential,
    ...noQuery,
    body: z.strictObject({
      overlap: z
        .int()
        .min(0)
        .max(LONGEST_OVERLAP)
        .default(DEFAULT_OVERLAP)
        .describe('Seconds for which the old credential stays valid; a week by default.'),
      successor: newCredentialSchema.optional().describe('The new credential; a generated secret by default.'),
    }),
    status: 201,
    answer: madeAnswer.extend({ old: credentialAnswer }),
    commands: ['credentials rotate'],
    example: {
      path,
      body: { overlap: 86_400 },
      answer: {
        ...example,
        label: 'second',
        secret: 'tss_…',
        old: { ...example, expires: '2026-11-27T08:00:00.000Z' },
      },
    },
    run: async ({ management, show }, { path: { client_id: id, credential: name }, body: { overlap, successor } }) => {
      const given = successor && spec(successor, management.clock.now())
      const input = {
        client: id,
        name: name === CURRENT ? undefined : name,
        spec: {
          label: given?.label,
          expiresAt: given?.expiresAt,
          proof: successor === undefined || isBare(successor) ? undefined : given?.proof,
        },
        overlap: overlap * 1000,
        show: shown(management, id, show),
      }
      const rotated = await rotateCredential(management, input)
      const now = management.clock.now()
      const { body, ...answer } = made(id, now, rotated)
      const [one, other] = [used(rotated.old), used(rotated.credential)]
      return { ...answer, body: { ...Object(body), old: credentialBody(id, one, [one, other], now) } }
    },
  }),
  operation({
    id: 'credentials.cancel',
    method: 'POST',
    path: '/clients/{client_id}/credentials/{credential}/cancel',
    summary: 'Undo a rotation: keep the old credential, and remove the new one',
    access: 'credentials:rotate',
    ...ofCredential,
    ...noQuery,
    ...noBody,
    answer: credentialAnswer,
    commands: ['credentials cancel'],
    example: { path, answer: example },
    run: async (context, { path: { client_id: id, credential: name } }) =>
      changed(context, id, await cancelRotation(context.management, { client: id, name })),
  }),
  operation({
    id: 'credentials.label',
    method: 'PATCH',
    path: '/clients/{client_id}/credentials/{credential}',
    summary: 'Give a credential another label',
    access: 'credentials:write',
    ...ofCredential,
    ...noQuery,
    body: z.strictObject({ label: line(128) }),
    answer: credentialAnswer,
    isConditional: true,
    commands: ['credentials label'],
    example: { path, body: { label: 'primary' }, answer: { ...example, label: 'primary' } },
    run: async (context, { path: { client_id: id, credential: name }, body: { label } }) => {
      const expected = seenBy(context, id)
      return changed(context, id, await labelCredential(context.management, { client: id, name, label, expected }))
    },
  }),
  operation({
    id: 'credentials.revoke',
    method: 'POST',
    path: '/clients/{client_id}/credentials/{credential}/revoke',
    summary: 'End a credential now, and keep its record',
    access: 'credentials:delete',
    ...ofCredential,
    ...noQuery,
    ...noBody,
    answer: credentialAnswer,
    commands: ['credentials revoke'],
    example: { path, answer: { ...example, status: 'revoked', revoked: '2026-11-26T09:00:00.000Z' } },
    run: async (context, { path: { client_id: id, credential: name } }) =>
      changed(context, id, await revokeCredential(context.management, { client: id, name })),
  }),
  operation({
    id: 'credentials.delete',
    method: 'DELETE',
    path: '/clients/{client_id}/credentials/{credential}',
    summary: 'Remove a credential for good',
    access: 'credentials:delete',
    ...ofCredential,
    ...noQuery,
    ...noBody,
    answer: credentialAnswer,
    isConditional: true,
    commands: ['credentials remove'],
    example: { path, answer: example },
    run: async (context, { path: { client_id: id, credential: name } }) => {
      const removed = await removeCredential(context.management, { client: id, name, expected: seenBy(context, id) })
      return { body: 'problem' in removed ? unreadableBody(id, removed) : bodyOf(id, removed), state: null }
    },
  }),
]

/** In a path, the only valid credential without a successor. */
export const CURRENT = '~current'

const shown =
  ({ clock }: CallContext['management'], client: ClientId, show: CallContext['show']) =>
  (credential: MadeCredential): void => {
    const { body, shownOnce } = made(client, clock.now(), credential)
    if (shownOnce !== undefined) show?.({ ...Object(body), ...shownOnce })
  }

/** Whether a successor is described by no more than a label and an expiry, so that it is of the kind of its predecessor. */
function isBare({ label: _, expires: __, ...proof }: z.output<typeof newCredentialSchema>): boolean {
  return Object.values(proof).every((value) => value === undefined)
}

async function findBody({ management }: CallContext, client: ClientId, name: string): Promise<CredentialBody> {
  const { found, unreadable } = await listCredentials(management, client)
  const one = found.find(({ credential: { id, label } }) => id === name || label === name)
  if (one !== undefined) return credentialBody(client, one, found, management.clock.now())
  const lost = unreadable.find(({ id, label }) => id === name || label === name)
  if (lost === undefined) throw new NotFound(`the client has no credential ${JSON.stringify(name)}`)
  return unreadableBody(client, lost)
}

/** Refuses the change of a credential that its author has not seen. It is called in the transaction. */
const seenBy =
  ({ precondition }: CallContext, client: ClientId) =>
  (present: Credential | UnreadableCredential): void => {
    const body = 'problem' in present ? unreadableBody(client, present) : bodyOf(client, present)
    refuseStale(precondition, stateOf(body))
  }

async function changed(context: CallContext, client: ClientId, { id }: Credential): Promise<Answer> {
  const body = await findBody(context, client, id)
  return { body, state: stateOf(body) }
}

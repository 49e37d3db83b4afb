import { z } from 'zod'
import { addRevocation } from '../../management/revocations/add.ts'
import { listRevocations } from '../../management/revocations/list.ts'
import { iso } from '../../platform/clock.ts'
import type { Revocation } from '../../tokens/revocation/store.ts'
import { pageOf, pageParameters } from './cursor.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'

const kinds = ['token', 'client', 'api', 'key'] as const

const revocation = z.strictObject({
  kind: z.enum(kinds),
  id: z.string().describe('The jti of a token, a client id, an audience or a key id.'),
  issued_before: z.iso.datetime().optional().describe('Tokens that were issued later are not revoked.'),
  expires: z.iso.datetime().describe('When every revoked token has expired.'),
})

const example = {
  kind: 'client',
  id: 'billing',
  issued_before: '2026-11-26T08:00:00.000Z',
  expires: '2026-11-26T12:00:00.000Z',
} as const

export const revocationOperations = [
  operation({
    id: 'revocations.list',
    method: 'GET',
    path: '/revocations',
    summary: 'List the revocations that still matter, oldest first',
    access: 'revocations:read',
    ...noParameters,
    query: z.strictObject(pageParameters),
    ...noBody,
    answer: z.strictObject({ items: z.array(revocation), next: z.string().optional() }),
    commands: ['revocations list'],
    example: { answer: { items: [example] } },
    run: async ({ management, cursors }, { query }) => {
      const page = pageOf(cursors, 'revocations', query, z.int())
      const { revocations, next } = await listRevocations(management, page.after ?? 0, page.limit)
      return { body: page.body({ entries: revocations.map(revocationBody), next }), state: null }
    },
  }),
  operation({
    id: 'revocations.add',
    method: 'POST',
    path: '/revocations',
    summary: 'Revoke one token, or every token issued so far to a client, for an API or under a key',
    access: 'revocations:write',
    ...noParameters,
    ...noQuery,
    body: revocation.pick({ kind: true }).extend({ id: z.string().min(1).max(1_024) }),
    status: 201,
    answer: revocation,
    isReferring: true,
    commands: ['revoke'],
    example: { body: { kind: 'client', id: 'billing' }, answer: example },
    run: async ({ management }, { body }) => ({
      body: revocationBody(await addRevocation(management, body)),
      state: null,
    }),
  }),
]

const revocationBody = (one: Revocation) => ({
  kind: one.kind,
  id: one.id,
  issued_before: 'issuedBefore' in one ? iso(one.issuedBefore) : undefined,
  expires: iso(one.expiresAt),
})

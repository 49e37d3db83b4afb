import { describe, expect, test } from 'vitest'
import {
  candidatesAmong,
  chooseCandidate,
  possibleClients,
  unknownIssuer,
} from '../../src/client-auth/federated-claims.ts'
import { Conditions } from '../../src/conditions/conditions.ts'
import type { Client } from '../../src/model/client.ts'
import { type CredentialLife, type FederatedCredential, toCredentials } from '../../src/model/credentials/credential.ts'
import { RecordUnreadable } from '../../src/model/directory/record-unreadable.ts'
import { ClientId } from '../../src/oauth/ids.ts'
import { clientWith } from '../harness/client-record.ts'
import { lifeOf } from '../harness/credential-life.ts'

const NOW = 1_800_000_000_000
const ISSUER = 'https://issuer.example'
const OTHER = 'https://other.example'
const claims = { iss: ISSUER, aud: 'us', sub: 'job', exp: NOW / 1_000 + 60 }
const context = { now: NOW, conditions: new Conditions() }

const trusting = (id: string, issuer = ISSUER, more: Partial<CredentialLife> & { subject?: string } = {}) => {
  const { subject = 'job', ...life } = more
  const credential: FederatedCredential = {
    kind: 'federated',
    ...lifeOf(id),
    trust: { issuer, audience: 'us', subject },
    ...life,
  }
  return credential
}
const clientOf = (id: string, credentials: readonly FederatedCredential[], more: Partial<Client> = {}): Client =>
  clientWith({ id: ClientId(id), credentials: toCredentials(credentials), ...more })

const refused = (reason: string, detail: object) => expect.objectContaining({ name: 'Refusal', reason, detail })

describe('the clients that may have sent a token', () => {
  const a = clientOf('a', [trusting('of a')])
  const b = clientOf('b', [trusting('of b', OTHER)])
  const broken = new RecordUnreadable({ kind: 'client', id: 'broken', problem: 'damaged' })
  const defect = new TypeError('x is not a function')
  const directory = {
    client: (id: ClientId) => {
      if (id === 'broken') throw broken
      if (id === 'defect') throw defect
      return [a, b].find((client) => client.id === id)
    },
    clientsTrusting: async (issuer: string) =>
      (issuer === ISSUER ? ['a', 'gone', 'broken'] : issuer === OTHER ? ['b'] : ['defect']).map((id) => ClientId(id)),
  }

  test('are those that trust one of its issuers; one that can’t be read is reported beside them', async () => {
    expect(await possibleClients(directory, undefined, [OTHER])).toEqual({ clients: [b], unreadable: undefined })
    expect(await possibleClients(directory, undefined, [ISSUER, OTHER])).toEqual({
      clients: [a, b],
      unreadable: broken,
    })
  })

  test('are the named one alone', async () => {
    expect(await possibleClients(directory, ClientId('b'), [ISSUER])).toEqual({ clients: [b], unreadable: undefined })
    expect(await possibleClients(directory, ClientId('gone'), [ISSUER])).toEqual({ clients: [], unreadable: undefined })
  })

  test('are unknown if the named one can’t be read, or if there is a defect', async () => {
    await expect(possibleClients(directory, ClientId('broken'), [ISSUER])).rejects.toBe(broken)
    await expect(possibleClients(directory, undefined, ['https://defect.example'])).rejects.toBe(defect)
  })

  test('are candidates with each credential for its issuers', () => {
    const both = clientOf('both', [trusting('1'), trusting('2', OTHER), trusting('3')])
    const found = candidatesAmong([both, b], [ISSUER])
    expect(found.map(({ client, credential }) => [client.id, credential.id])).toEqual([
      ['both', '1'],
      ['both', '3'],
    ])
  })

  test('trust other issuers, of which the refusal names five, and cuts long ones of the token', () => {
    const many = Array.from({ length: 7 }, (_, index) => `https://${index}.example`)
    const clients = [
      clientOf(
        'many',
        many.map((issuer) => trusting(issuer, issuer)),
      ),
      b,
    ]
    expect(unknownIssuer(clients, ['x'.repeat(300)])).toEqual(
      refused('federated_issuer_unknown', { issuers: ['x'.repeat(256)], expected: many.slice(0, 5) }),
    )
    expect(unknownIssuer([b], [])).toMatchObject({ detail: { issuers: [], expected: [OTHER] } })
  })
})

describe('of several candidates', () => {
  const candidate = (client: Client) => candidatesAmong([client], [ISSUER])
  const good = candidate(clientOf('good', [trusting('good')]))
  const twin = candidate(clientOf('twin', [trusting('twin')]))
  const unusable: [string, ReturnType<typeof candidate>][] = [
    ['a disabled client', candidate(clientOf('off', [trusting('off')], { enabled: false }))],
    ['an expired credential', candidate(clientOf('old', [trusting('old', ISSUER, { expiresAt: NOW })]))],
    ['a revoked credential', candidate(clientOf('revoked', [trusting('revoked', ISSUER, { revokedAt: 1 })]))],
  ]

  test.each(unusable)('a usable one is chosen before one with %s, which is no rival', (_name, other) => {
    expect(chooseCandidate([...other, ...good], claims, context)).toBe(good[0])
    expect(chooseCandidate([...good, ...other], claims, context)).toBe(good[0])
    expect(chooseCandidate(other, claims, context)).toBe(other[0])
  })

  test('those of two clients are ambiguous, those of one client are not', () => {
    expect(() => chooseCandidate([...twin, ...good], claims, context)).toThrow(
      refused('federated_ambiguous', { clients: ['twin', 'good'] }),
    )
    const twice = candidate(clientOf('twice', [trusting('1'), trusting('2')]))
    expect(chooseCandidate(twice, claims, context)).toBe(twice[0])
  })

  test('one that does not fit the token is no rival', () => {
    const misfit = candidate(clientOf('misfit', [trusting('misfit', ISSUER, { subject: 'another' })]))
    expect(chooseCandidate([...misfit, ...good], claims, context)).toBe(good[0])
  })

  test('the refusal names each by its label, or else by its id', () => {
    const misfits = candidate(
      clientOf('misfits', [
        trusting('with label', ISSUER, { subject: 'another', label: 'deploy' }),
        trusting('without label', ISSUER, { subject: 'another' }),
      ]),
    )
    expect(() => chooseCandidate(misfits, claims, context)).toThrow(
      refused('federated_no_match', {
        credentials: [
          expect.objectContaining({ label: 'deploy' }),
          expect.objectContaining({ label: 'without label' }),
        ],
      }),
    )
  })
})

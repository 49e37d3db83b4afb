import { describe, expect, test } from 'vitest'
import { readBasic } from '../../src/client-auth/client-secret-basic.ts'
import { parseAuthentication } from '../../src/client-auth/parse-authentication.ts'
import { clientIdsOf } from '../../src/client-auth/presented.ts'
import { MalformedCertificate } from '../../src/crypto/x509/malformed-certificate.ts'
import type { ReadCertificate } from '../../src/crypto/x509/peer.ts'
import { parseForm } from '../../src/http/form.ts'
import { issue, issueAuthority, present } from '../harness/certificates.ts'
import { unsigned } from '../harness/tokens.ts'

const BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const SPIFFE = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'

interface Sent {
  readonly form?: Readonly<Record<string, string>>
  readonly authorization?: string
  readonly certificate?: ReadCertificate
}

const parse = ({ form = {}, authorization, certificate }: Sent) =>
  parseAuthentication({
    authorization,
    form: parseForm(
      { 'content-type': 'application/x-www-form-urlencoded' },
      Buffer.from(new URLSearchParams(form).toString()),
    ),
    certificate,
  })

const refusedFor = (reason: string, detail: object) => expect.objectContaining({ name: 'Refusal', reason, detail })
const basic = (credentials: string | Buffer) => `Basic ${Buffer.from(credentials).toString('base64')}`
const assertion = (alg: string, claims: object) => unsigned({ alg }, claims)

describe('the way in which a client authenticates', () => {
  test.each<[string, Sent, object]>([
    ['none', {}, { kind: 'none', parameterId: undefined }],
    ['none, with an id', { form: { client_id: 'a' } }, { kind: 'none', parameterId: 'a' }],
    [
      'client_secret_basic',
      { authorization: basic('a:s') },
      {
        kind: 'secret',
        method: 'client_secret_basic',
        readings: [{ clientId: 'a', secret: 's' }],
        parameterId: undefined,
      },
    ],
    [
      'client_secret_post',
      { form: { client_id: 'a', client_secret: 's' } },
      { kind: 'secret', method: 'client_secret_post', readings: [{ clientId: 'a', secret: 's' }], parameterId: 'a' },
    ],
    [
      'client_secret_jwt, whose client is its subject',
      { form: { client_assertion: assertion('HS256', { iss: 'b', sub: 'a' }), client_assertion_type: BEARER } },
      { kind: 'assertion', method: 'client_secret_jwt', clientId: 'a' },
    ],
    [
      'client_secret_jwt without a subject',
      { form: { client_assertion: assertion('HS256', {}), client_assertion_type: BEARER } },
      { kind: 'assertion', method: 'client_secret_jwt', clientId: '' },
    ],
    [
      'private_key_jwt',
      { form: { client_assertion: assertion('ES256', { iss: 'a', sub: 'a' }), client_assertion_type: BEARER } },
      { kind: 'assertion', method: 'private_key_jwt', clientId: 'a' },
    ],
    [
      'federated_jwt',
      { form: { client_assertion: assertion('ES256', { iss: 'b', sub: 'a' }), client_assertion_type: BEARER } },
      { kind: 'federated', method: 'federated_jwt', clientId: undefined },
    ],
    [
      'federated_jwt for a client, by a JWT-SVID',
      {
        form: {
          client_id: 'c',
          client_assertion: assertion('ES256', { sub: 'spiffe://x/y' }),
          client_assertion_type: SPIFFE,
        },
      },
      { kind: 'federated', method: 'federated_jwt', clientId: 'c', parameterId: 'c' },
    ],
  ])('%s', (_name, sent, expected) => {
    expect(parse(sent)).toMatchObject(expected)
  })

  test.each<[string, Sent, string[]]>([
    [
      'a header and a secret',
      { authorization: basic('a:s'), form: { client_secret: 's' } },
      ['authorization', 'client_secret'],
    ],
    [
      'a header and an assertion',
      { authorization: 'x', form: { client_assertion: 'x' } },
      ['authorization', 'client_assertion'],
    ],
    [
      'a secret and an assertion',
      { form: { client_secret: 's', client_assertion: 'x' } },
      ['client_secret', 'client_assertion'],
    ],
    [
      'all three',
      { authorization: '', form: { client_secret: 's', client_assertion: 'x' } },
      ['authorization', 'client_secret', 'client_assertion'],
    ],
  ])('is refused if there are several: %s', (_name, sent, received) => {
    expect(() => parse(sent)).toThrow(refusedFor('several_methods', { received }))
  })

  test('is refused for a secret without an id', () => {
    expect(() => parse({ form: { client_secret: 's' } })).toThrow(refusedFor('no_credentials', {}))
  })

  test.each<[string, Readonly<Record<string, string>>, string | undefined]>([
    ['no type', { client_assertion: 'x' }, undefined],
    ['no assertion', { client_assertion_type: BEARER }, BEARER],
    ['another type', { client_assertion: 'x', client_assertion_type: 'saml' }, 'saml'],
    ['a long type', { client_assertion: 'x', client_assertion_type: 'x'.repeat(300) }, 'x'.repeat(256)],
  ])('is refused for an assertion with %s', (_name, form, received) => {
    expect(() => parse({ form })).toThrow(refusedFor('assertion_type', { expected: BEARER, received }))
  })
})

describe('a certificate', async () => {
  const authority = await issueAuthority('CN=Authority')
  const issued = present(await issue({ issuer: authority }))
  const selfSigned = present(await issue())

  test.each<[string, ReadCertificate, object]>([
    ['of an authority', issued, { kind: 'certificate', method: 'tls_client_auth', clientId: 'a', certificate: issued }],
    ['of its own', selfSigned, { kind: 'certificate', method: 'self_signed_tls_client_auth', certificate: selfSigned }],
    ['that is missing', undefined, { kind: 'none' }],
  ])('%s is a method together with an id', (_name, certificate, expected) => {
    expect(parse({ certificate, form: { client_id: 'a' } })).toMatchObject(expected)
  })

  test('is no method without an id, nor beside another method', () => {
    expect(parse({ certificate: issued })).toMatchObject({ kind: 'none' })
    const beside = { certificate: issued, form: { client_id: 'a', client_secret: 's' } }
    expect(parse(beside)).toMatchObject({ method: 'client_secret_post' })
  })

  test('that can’t be read is refused for the client, and does not matter to another method', () => {
    const certificate = new MalformedCertificate({ problem: 'broken' })
    expect(() => parse({ certificate, form: { client_id: 'a' } })).toThrow(
      expect.objectContaining({ name: 'Refusal', detail: expect.objectContaining({ client_id: 'a' }) }),
    )
    expect(parse({ certificate, authorization: basic('a:s') })).toMatchObject({ method: 'client_secret_basic' })
  })
})

test('the clients that a request may mean', () => {
  const clientsOf = (sent: Sent) => {
    const presented = parse(sent)
    return presented.kind === 'none' ? [] : clientIdsOf(presented)
  }
  expect(clientsOf({ authorization: basic('a%20:s') })).toEqual(['a ', 'a%20'])
  expect(clientsOf({ form: { client_id: 'a', client_secret: 's' } })).toEqual(['a'])
  const federated = { client_assertion: assertion('ES256', { iss: 'b' }), client_assertion_type: BEARER }
  expect(clientsOf({ form: federated })).toEqual([])
  expect(clientsOf({ form: { ...federated, client_id: 'c' } })).toEqual(['c'])
})

describe('a Basic header', () => {
  test.each<[string, string, object[]]>([
    [
      'in any case, with several blanks',
      `bAsIc   ${Buffer.from('a:s').toString('base64')}`,
      [{ clientId: 'a', secret: 's' }],
    ],
    ['a colon in the secret', basic('a:s:t'), [{ clientId: 'a', secret: 's:t' }]],
    ['an empty secret', basic('a:'), [{ clientId: 'a', secret: '' }]],
    ['an empty id', basic(':s'), [{ clientId: '', secret: 's' }]],
    [
      'an escape in the secret: decoded first, then as it is',
      basic('a:s%2Bt'),
      [
        { clientId: 'a', secret: 's+t' },
        { clientId: 'a', secret: 's%2Bt' },
      ],
    ],
    [
      'a plus in the id',
      basic('a+b:s'),
      [
        { clientId: 'a b', secret: 's' },
        { clientId: 'a+b', secret: 's' },
      ],
    ],
    [
      'nothing but escapes',
      basic('+:+'),
      [
        { clientId: ' ', secret: ' ' },
        { clientId: '+', secret: '+' },
      ],
    ],
    ['an escape that stands for itself', basic('a:100%'), [{ clientId: 'a', secret: '100%' }]],
    ['an escape that is no UTF-8', basic('a:%FF'), [{ clientId: 'a', secret: '%FF' }]],
    ['an escaped control character in the secret', basic('a:%00'), [{ clientId: 'a', secret: '%00' }]],
    ['an escaped control character in the id', basic('a%0A:s'), [{ clientId: 'a%0A', secret: 's' }]],
    ['an id that is no UTF-8 once decoded', basic('%FF:s+'), [{ clientId: '%FF', secret: 's+' }]],
  ])('%s', (_name, header, readings) => {
    expect(readBasic(header)).toEqual(readings)
  })

  test.each<[string, string]>([
    ['Bearer abc', 'Bearer'],
    ['dpop abc', 'dpop'],
    ['Basic', 'Basic without base64'],
    ['Basic a b', 'Basic without base64'],
    ['BASIC ???', 'Basic without base64'],
    ['Basically abc', 'no known scheme'],
    ['hunter2', 'no known scheme'],
    ['x Basic YTpz', 'no known scheme'],
    ['Basic YTpz x', 'Basic without base64'],
    ['Basic YTpzMQ=', 'base64 that is not canonical'],
    ['Basic YTpzMR==', 'base64 that is not canonical'],
    ['Basic YWJj', 'no colon between the id and the secret'],
  ])('%s is refused, and nothing that may be a secret is kept', (header, received) => {
    expect(() => readBasic(header)).toThrow(refusedFor('malformed_authorization', { received }))
  })

  test.each<[string, string]>([
    [basic(Buffer.from([0x61, 0x3a, 0xff])), 'bytes that are not UTF-8'],
    [basic('a:\u0007'), 'a control character'],
    [basic('a:s\n'), 'a line end at its end'],
  ])('%s is no text', (header, received) => {
    expect(() => readBasic(header)).toThrow(
      refusedFor('malformed_parameters', { parameter: 'Authorization', received }),
    )
  })
})

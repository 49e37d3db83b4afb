import { execFile } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { issueLeaf, thumbprint } from '../harness/authority.ts'
import { keyPem } from '../harness/certificates.ts'
import { newSecret } from '../harness/model.ts'
import { runTessera } from '../harness/program.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { makeCertificate, sendJson, startSource } from '../harness/source.ts'
import { makeSigner } from '../harness/tokens.ts'
import { type Issuer, startIssuer } from './issuer.ts'

const run = promisify(execFile)
const SECRET = newSecret()

let issuer: Issuer
let server: TestServer
const at = (name: string) => join(server.folder, name)
const write = (name: string, content: string | Buffer): string => {
  writeFileSync(at(name), content, { mode: 0o600 })
  return at(name)
}

beforeAll(async () => {
  issuer = await startIssuer()
  const [signer, rsa] = [await makeSigner('ES256', { kid: 'one' }), await makeSigner('PS256')]
  const leaf = await issueLeaf()
  server = await startTestServer({
    options: { ...issuer.options, 'dpop.require_nonce': 'on' },
    manifest: `
apis: [{ audience: https://api.example.com, scopes: [{ name: edit }] }]
clients:
  - { client_id: mac, scopes: [edit], credentials: [{ secret: ${SECRET}, retrievable: true }] }
  - { client_id: signer, scopes: [edit], credentials: [{ jwks: { keys: [${JSON.stringify(signer.publicJwk)}] } }] }
  - { client_id: rsa, scopes: [edit], credentials: [{ jwks: { keys: [${JSON.stringify(rsa.publicJwk)}] } }] }
  - { client_id: certified, scopes: [edit], credentials: [{ certificate: { thumbprint: ${thumbprint(leaf)} } }] }
  - client_id: workflow
    scopes: [edit]
    credentials: [{ federated: { issuer: "${issuer.url}", audience: us, subject: job } }]
`,
  })
  const { key } = { key: createPrivateKey({ key: signer.privateJwk as never, format: 'jwk' }) }
  write('signer.pem', String(key.export({ type: 'pkcs8', format: 'pem' })))
  // As `openssl pkcs12` writes it on a machine with another encoding.
  const described = (pem: string) => Buffer.from(`Bag Attributes\n    friendlyName: Büro\n${pem}`, 'latin1')
  write('signer-described.pem', described(String(key.export({ type: 'pkcs8', format: 'pem' }))))
  write('client-described.crt', described(leaf.pem))
  write('client-described.key', described(await keyPem(leaf)))
  write('signer.jwk', JSON.stringify({ ...signer.privateJwk, kid: 'one' }))
  write('rsa.jwk', JSON.stringify(rsa.privateJwk))
  write('client.crt', leaf.pem)
  write('client.key', await keyPem(leaf))
  write('job.jwt', await issuer.sign({ aud: 'us', sub: 'job', exp: Math.floor(Date.now() / 1000) + 600 }))
})
afterAll(async () => {
  await server.stop()
  await issuer.stop()
})

const token = (clientId: string, args: readonly string[], env: Record<string, string> = {}, input = '') =>
  runTessera(
    ['token', '--issuer', server.issuer, '--ca', inject('tls').ca, '--client-id', clientId, ...args],
    env,
    input,
  )

describe('tessera token authenticates', () => {
  test.each<[string, string, () => readonly string[], string]>([
    ['with a MAC', 'mac', () => ['--auth-method', 'client_secret_jwt'], SECRET],
    ['with a key in PEM', 'signer', () => ['--key', at('signer.pem')], ''],
    ['with a key in PEM with text in another encoding', 'signer', () => ['--key', at('signer-described.pem')], ''],
    [
      'with a certificate with text in another encoding',
      'certified',
      () => ['--cert', at('client-described.crt'), '--key', at('client-described.key')],
      '',
    ],
    ['with a key in PEM and a kid', 'signer', () => ['--key', at('signer.pem'), '--kid', 'one'], ''],
    ['with a JWK', 'signer', () => ['--key', at('signer.jwk')], ''],
    ['with RSA and PS256', 'rsa', () => ['--key', at('rsa.jwk'), '--alg', 'PS256'], ''],
    ['with a certificate', 'certified', () => ['--cert', at('client.crt'), '--key', at('client.key')], ''],
    ['with a token in a file', 'workflow', () => ['--assertion-file', at('job.jwt')], ''],
  ])('%s', async (_name, client, args, input) => {
    const { code, stdout, stderr } = await token(client, args(), {}, input)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(decodeJwt(stdout.trim())).toMatchObject({ client_id: client, scope: 'edit' })
  })

  test('with a token of GitHub, which it asks for our issuer', async () => {
    const certificate = await makeCertificate('localhost')
    const job = await issuer.sign({ aud: 'us', sub: 'job', exp: Math.floor(Date.now() / 1000) + 600 })
    const seen: unknown[] = []
    const github = await startSource(certificate, (request, response) => {
      seen.push(request.headers.authorization, new URL(request.url ?? '', 'https://x').searchParams.get('audience'))
      sendJson(response, { value: job })
    })
    const ca = write(
      'both.pem',
      `${certificate.cert}\n${(await import('node:fs')).readFileSync(inject('tls').ca, 'utf8')}`,
    )
    const env = { ACTIONS_ID_TOKEN_REQUEST_URL: github.url('/token?api=2'), ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner' }
    const { code, stderr } = await runTessera(
      ['token', '--issuer', server.issuer, '--ca', ca, '--client-id', 'workflow', '--from', 'github'],
      env,
    )
    await github.stop()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(seen).toEqual(['Bearer runner', server.issuer])
  })

  test.each<[string, () => readonly string[]]>([
    ['a new key', () => ['--dpop', 'new']],
    ['a key in a file', () => ['--dpop', at('rsa.jwk'), '--alg', 'PS256']],
  ])('and binds the token to %s, with the nonce that the server asks for', async (_name, args) => {
    const { code, stdout, stderr } = await token('mac', args(), {}, SECRET)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(decodeJwt(stdout.trim())['cnf']).toEqual({ jkt: expect.stringMatching(/^[\w-]{43}$/) })
  })
})

describe('tessera token --curl prints a command that works', () => {
  test.each<[string, string, () => readonly string[]]>([
    ['with a certificate', 'certified', () => ['--cert', at('client.crt'), '--key', at('client.key')]],
    ['with a token in a file', 'workflow', () => ['--assertion-file', at('job.jwt')]],
  ])('%s', async (_name, client, args) => {
    const { stdout } = await token(client, [...args(), '--curl'])
    const answer = JSON.parse((await run('sh', ['-c', stdout.replace(/^curl/, 'curl -s')])).stdout) as { scope: string }
    expect(answer.scope).toBe('edit')
  })
})

describe('tessera token refuses', () => {
  test.each<[string, number, () => readonly string[], string]>([
    ['an unknown method', 2, () => ['--auth-method', 'none'], '--auth-method must be one of client_secret_basic, '],
    ['private_key_jwt without a key', 2, () => ['--auth-method', 'private_key_jwt'], 'private_key_jwt needs --key'],
    ['a certificate without a key', 2, () => ['--cert', at('client.crt')], 'a certificate needs --cert and --key'],
    [
      'a certificate of another key',
      1,
      () => ['--cert', at('client.crt'), '--key', at('signer.pem')],
      'the client certificate does not fit its key',
    ],
    ['a file without a key', 1, () => ['--key', at('client.crt')], 'has no private key in PEM or as a JWK'],
    [
      'an algorithm that does not fit',
      1,
      () => ['--key', at('signer.pem'), '--alg', 'RS256'],
      "the key can't sign with RS256",
    ],
    ['an unknown algorithm', 2, () => ['--key', at('signer.pem'), '--alg', 'none'], '--alg must be one of ES256, '],
    [
      'two tokens',
      2,
      () => ['--assertion-file', at('job.jwt'), '--from', 'github'],
      'give --assertion-file or --from, not both',
    ],
    ['an unknown platform', 2, () => ['--from', 'x'], '--from must be one of github, gitlab, kubernetes'],
    ['GitHub outside of a job', 1, () => ['--from', 'github'], 'permissions: id-token: write'],
    ['GitLab outside of a job', 1, () => ['--from', 'gitlab'], '`id_tokens` name TESSERA_ID_TOKEN'],
    ['Kubernetes outside of a pod', 1, () => ['--from', 'kubernetes'], "/var/run/secrets/tokens/tessera can't be read"],
    ['curl with a key', 2, () => ['--key', at('signer.pem'), '--curl'], '--curl: curl can make no signature'],
    ['curl with DPoP', 2, () => ['--dpop', 'new', '--curl'], '--curl: curl can make no DPoP proof'],
  ])('%s', async (_name, exitCode, args, message) => {
    const { code, stdout, stderr } = await token('signer', args())
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

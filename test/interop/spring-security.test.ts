import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, inject, type TestContext, test } from 'vitest'
import { AUDIENCE, GUIDE, useServer } from '../harness/library-setting.ts'
import { freePort } from '../harness/port.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { LONGEST, runProgram, runs } from './other-languages.ts'

const FOLDER = 'test/interop/java'
const FETCH = `mvn -f ${FOLDER}/pom.xml dependency:resolve`
/** The API of the page. */
const ORDERS = 'https://orders.example.com'

const MANIFEST = `
apis:
  - { audience: "${AUDIENCE}", token: { preset: spring-security }, scopes: [{ name: edit }] }
  - { audience: "${ORDERS}", token: { preset: spring-security }, scopes: [{ name: read }] }
clients: [{ client_id: ${GUIDE.clientId}, scopes: [edit, read], credentials: [{ secret: ${GUIDE.secret} }] }]
`
const server = useServer({ manifest: MANIFEST })
/** A server with other keys, whose issuer has a path. */
let old: TestServer
beforeAll(async () => {
  const port = await freePort()
  const options = { issuer: `https://localhost:${port}/realms/demo`, 'runtime.port': String(port) }
  old = await startTestServer({ manifest: MANIFEST, options })
})
afterAll(() => old.stop())

/** The output of `mvn -f test/interop/java/pom.xml dependency:build-classpath`, relative to Maven's repository. */
const jars = readFileSync(join(FOLDER, 'classpath.txt'), 'utf8')
  .trim()
  .split('\n')
  .map((jar) => join(homedir(), '.m2', 'repository', jar))

/** Runs a program that trusts the test servers. @returns its output */
async function runJava(skip: TestContext['skip'], file: string, args: readonly string[], input = ''): Promise<string> {
  if (!(await runs('javac', ['-version']))) skip('there is no JDK')
  if (!jars.every((jar) => existsSync(jar))) skip(`Spring Security is not there: ${FETCH}`)
  const folder = mkdtempSync(join(tmpdir(), 'tessera-java-'))
  try {
    const trust = ['-keystore', join(folder, 'trust.p12'), '-storepass', 'changeit']
    await runProgram('keytool', ['-importcert', '-noprompt', ...trust, '-file', inject('tls').cert])
    const java = [
      ...['-cp', jars.join(delimiter), `-Djavax.net.ssl.trustStore=${join(folder, 'trust.p12')}`],
      ...['-Djavax.net.ssl.trustStorePassword=changeit', join(FOLDER, file), ...args],
    ]
    return await runProgram('java', java, { input })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test.for<[string, () => TestServer]>([
  ['its issuer', server],
  ['its issuer with a path', () => old],
])(
  'Spring Security finds the server by %s, gets a token and verifies it',
  { timeout: LONGEST },
  async ([, found], { skip }) => {
    const { issuer } = found()
    const printed = await runJava(skip, 'Discover.java', [issuer, GUIDE.clientId, GUIDE.secret, GUIDE.scope])
    expect(printed).toBe(`oidc ${issuer}/as/token.oauth2\nverified ${GUIDE.clientId}\n`)
  },
)

test('Spring Security accepts the tokens of two issuers, with the decoder of the page', { timeout: LONGEST }, async ({
  skip,
}) => {
  const flat = (path: string) => readFileSync(path, 'utf8').replaceAll(/\s+/g, ' ')
  const [decoder = ''] =
    /private static AuthenticationManager trusting.*?::authenticate; }/.exec(flat(join(FOLDER, 'TwoIssuers.java'))) ??
    []
  expect(decoder).not.toBe('')
  expect(flat('docs/migrating/side-by-side.md')).toContain(decoder)

  const other = await startTestServer({ manifest: MANIFEST })
  try {
    const tokens = [
      await tokenOf(server(), 'read'),
      await tokenOf(old, 'read'),
      await tokenOf(old, 'edit'),
      await tokenOf(other, 'read'),
    ]
    const printed = await runJava(skip, 'TwoIssuers.java', [server().issuer, old.issuer], `${tokens.join('\n')}\n`)
    const accepted = `accepted ${GUIDE.clientId}`
    expect(printed.trim().split('\n')).toEqual([accepted, accepted, 'refused', 'refused'])
  } finally {
    await other.stop()
  }
})

async function tokenOf(of: TestServer, scope: string): Promise<string> {
  const form = { grant_type: 'client_credentials', scope }
  return ((await (await of.token(form, basic(GUIDE.clientId, GUIDE.secret))).json()) as { access_token: string })
    .access_token
}

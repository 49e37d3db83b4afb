import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { AUDIENCE, GUIDE, useServer } from '../harness/library-setting.ts'
import { LONGEST, runProgram, runs } from './other-languages.ts'

const FOLDER = 'test/interop/java'
const FETCH = `mvn -f ${FOLDER}/pom.xml dependency:resolve`

const server = useServer({
  manifest: `
apis: [{ audience: "${AUDIENCE}", token: { preset: spring-security }, scopes: [{ name: edit }] }]
clients: [{ client_id: ${GUIDE.clientId}, scopes: [edit], credentials: [{ secret: ${GUIDE.secret} }] }]
`,
})

/** The output of `mvn -f test/interop/java/pom.xml dependency:build-classpath`, relative to Maven's repository. */
const jars = readFileSync(join(FOLDER, 'classpath.txt'), 'utf8')
  .trim()
  .split('\n')
  .map((jar) => join(homedir(), '.m2', 'repository', jar))

test('Spring Security finds the server by its issuer, gets a token and verifies it', { timeout: LONGEST }, async ({
  skip,
}) => {
  if (!(await runs('javac', ['-version']))) skip('there is no JDK')
  if (!jars.every((jar) => existsSync(jar))) skip(`Spring Security is not there: ${FETCH}`)
  const folder = mkdtempSync(join(tmpdir(), 'tessera-java-'))
  try {
    const trust = ['-keystore', join(folder, 'trust.p12'), '-storepass', 'changeit']
    await runProgram('keytool', ['-importcert', '-noprompt', ...trust, '-file', inject('tls').cert])
    const printed = await runProgram('java', [
      ...['-cp', jars.join(delimiter), `-Djavax.net.ssl.trustStore=${join(folder, 'trust.p12')}`],
      ...['-Djavax.net.ssl.trustStorePassword=changeit', join(FOLDER, 'Discover.java')],
      ...[server().issuer, GUIDE.clientId, GUIDE.secret, GUIDE.scope],
    ])
    expect(printed).toBe(`oidc ${server().issuer}/as/token.oauth2\nverified ${GUIDE.clientId}\n`)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

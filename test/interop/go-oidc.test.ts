import { expect, inject, test } from 'vitest'
import { signingAlgorithms } from '../../src/oauth/algorithms.ts'
import { useServer } from '../harness/library-setting.ts'
import { SECRET } from '../harness/model.ts'
import { basic } from '../harness/server.ts'
import { LONGEST, runProgram, runs } from './other-languages.ts'

const FOLDER = 'test/interop/go'
const audienceOf = (algorithm: string) => `https://${algorithm.toLowerCase()}.example.com`
const apis = signingAlgorithms.map(
  (algorithm) =>
    `  - { audience: "${audienceOf(algorithm)}", token: { algorithm: ${algorithm} }, scopes: [{ name: edit }] }`,
)
const server = useServer({
  manifest: `apis:\n${apis.join('\n')}\nclients: [{ client_id: caller, scopes: [edit], credentials: [{ secret: ${SECRET} }] }]\n`,
})

/** Prevents downloads. */
const offline = { cwd: FOLDER, env: { GOPROXY: 'off', GOFLAGS: '-mod=readonly' } }

test('go-oidc finds the server by its issuer, and accepts tokens of every algorithm by default', {
  timeout: LONGEST,
}, async ({ skip }) => {
  if (!(await runs('go', ['version']))) skip('there is no Go')
  if (!(await runs('go', ['build', '-o', '/dev/null', '.'], offline)))
    skip(`go-oidc is not there: cd ${FOLDER} && go mod download`)
  for (const algorithm of signingAlgorithms) {
    const resource = audienceOf(algorithm)
    const response = await server().token({ grant_type: 'client_credentials', resource }, basic('caller', SECRET))
    const { access_token: token } = (await response.json()) as { access_token: string }
    const printed = await runProgram('go', ['run', '.', server().issuer, resource], {
      ...offline,
      env: { ...offline.env, SSL_CERT_FILE: inject('tls').cert },
      input: `${token}\n`,
    })
    expect({ algorithm, printed }).toEqual({ algorithm, printed: 'verified caller\n' })
  }
})

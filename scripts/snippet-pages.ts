/** The pages with programs that get or verify a token. They have the texts that the console fills in, which tests run. */

import type { Facts } from '../console/src/features/apis/verifiers/facts.ts'
import { verifiers } from '../console/src/features/apis/verifiers/verifiers.ts'
import { snippetsFor } from '../console/src/shared/snippets/snippets.ts'
import type { Target } from '../console/src/shared/snippets/target.ts'

const ISSUER = 'https://auth.example.com'
const ORDERS = 'https://orders.example.com'

const target: Target = {
  clientId: 'nightly',
  issuer: ISSUER,
  tokenUrl: `${ISSUER}/as/token.oauth2`,
  resource: ORDERS,
  scope: 'orders:read',
  proof: { kind: 'secret' },
}

const facts: Facts = {
  issuer: ISSUER,
  jwks: `${ISSUER}/.well-known/jwks.json`,
  audience: ORDERS,
  typ: 'at+jwt',
  algorithm: 'ES256',
  claim: 'scope',
  isList: false,
  scopes: ['orders:read', 'orders:write'],
}

/** The language of a code block, by the ending of the file. */
const languages: Readonly<Record<string, string>> = {
  sh: 'sh',
  mjs: 'js',
  py: 'python',
  go: 'go',
  java: 'java',
  cs: 'csharp',
  rs: 'rust',
  rb: 'ruby',
  yaml: 'yaml',
  conf: 'nginx',
}

const block = (file: string, text: string): readonly string[] => [
  `\`\`\`${languages[file.split('.').at(-1) ?? ''] ?? ''}`,
  text,
  '```',
]

const HEAVY = '`TESSERA_SNIPPETS=all` makes a test run it, as `npm run test:snippets` does.'
const RUN = 'A test runs it.'
const NOT_RUN = 'It was not run here: no test covers it.'

/** The programs that a person looks for by language. The others, such as a job of GitHub, have a page of their own. */
const getting: Readonly<Record<string, { readonly title: string; readonly notes: readonly string[] }>> = {
  node: { title: 'Node', notes: [RUN] },
  python: { title: 'Python', notes: [RUN] },
  go: { title: 'Go', notes: [HEAVY] },
  java: {
    title: 'Java, with Nimbus',
    notes: [HEAVY, 'The SDK can’t send the token of a platform: use the program for Spring instead.'],
  },
  spring: { title: 'Spring Security', notes: [HEAVY] },
  dotnet: { title: '.NET', notes: [NOT_RUN] },
  rust: { title: 'Rust', notes: [HEAVY] },
  ruby: { title: 'Ruby', notes: [RUN] },
}

const verifying: Readonly<Record<string, { readonly path: string; readonly notes: readonly string[] }>> = {
  Node: { path: 'node', notes: ['It needs `npm install jose`.', RUN] },
  Express: { path: 'express', notes: ['It needs `npm install express express-oauth2-jwt-bearer`.', RUN] },
  Fastify: {
    path: 'fastify',
    notes: [
      'It needs `npm install fastify jose`.',
      RUN,
      'The plugin fastify-jwt-jwks needs the preset of its name ([presets](../../reference/presets.md)).',
    ],
  },
  FastAPI: { path: 'fastapi', notes: ['It needs `pip install fastapi uvicorn "pyjwt[crypto]"`.', RUN] },
  Flask: { path: 'flask', notes: ['It needs `pip install flask "pyjwt[crypto]"`.', RUN] },
  Go: { path: 'go', notes: ['It needs `go get github.com/coreos/go-oidc/v3`.', HEAVY] },
  Spring: {
    path: 'spring',
    notes: [
      'The API needs `token: { preset: spring-security }` ([presets](../../reference/presets.md)).',
      'A test verifies tokens with Spring Security. It does not start this configuration.',
    ],
  },
  'ASP.NET': { path: 'aspnet', notes: [NOT_RUN] },
  'Rust axum': {
    path: 'axum',
    notes: [
      'It needs `cargo add axum tokio serde reqwest jsonwebtoken`, with the features in `test/console/rust/Cargo.toml`.',
      HEAVY,
    ],
  },
  Envoy: {
    path: 'envoy',
    notes: [
      'These are the filters of its HTTP connection manager. The cluster `tessera` leads to the server.',
      'Envoy answers 401 by itself, and 403 without a challenge if a token lacks the scope or is for another API.',
      'A test runs it where Envoy is on the machine.',
    ],
  },
  Kong: { path: 'kong', notes: ['Kong’s own plugin `jwt` reads no key set, so it needs each key by hand.', NOT_RUN] },
  nginx: {
    path: 'nginx',
    notes: ['It needs oauth2-proxy beside it.', 'A test runs it where nginx and oauth2-proxy are on the machine.'],
  },
}

const page = (title: string, source: string, lines: readonly string[]): string =>
  [`# ${title}`, '', `Generated from \`${source}\`, the texts of the console.`, '', ...lines, ''].join('\n')

/** Each page, by its path. @throws Error if the console has a program for which there is no page */
export function snippetPages(): Readonly<Record<string, () => string>> {
  const pages: Record<string, () => string> = {}
  for (const { id, file, before, text } of snippetsFor(target)) {
    const known = getting[id]
    if (known === undefined) continue
    pages[`docs/integrating/get-a-token/${id}.md`] = () =>
      page(`Get a token: ${known.title}`, 'console/src/shared/snippets', [
        '[Get a token](../get-a-token.md) says what a client must know.',
        ...(before === undefined ? [] : [`This program needs \`${before}\`.`]),
        'It keeps its token for as long as that is valid, and waits if the server is busy.',
        ...known.notes,
        '',
        ...block(file, text),
      ])
  }
  for (const { name, file, code } of verifiers) {
    const known = verifying[name]
    if (known === undefined) throw new Error(`there is no page for the verifier ${name}`)
    pages[`docs/integrating/verify-a-token/${known.path}.md`] = () =>
      page(`Verify a token: ${name}`, 'console/src/features/apis/verifiers', [
        '[Verify a token](../verify-a-token.md) says what an API must check.',
        ...known.notes,
        '',
        ...block(file, code(facts)),
      ])
  }
  return pages
}

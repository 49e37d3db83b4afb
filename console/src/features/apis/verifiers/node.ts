import { each, type Facts, pathOf, single, type Verifier } from './facts.ts'

const jose = ({ issuer, jwks, audience, typ, algorithm, claim, isList }: Facts): string =>
  `import { createRemoteJWKSet, errors, jwtVerify } from 'jose'

const keys = createRemoteJWKSet(new URL(${single(jwks)}))
const rules = {
  issuer: ${single(issuer)},
  audience: ${single(audience)},
  typ: ${single(typ)},
  algorithms: [${single(algorithm)}],
}

/** The status and the challenge (RFC 6750 §3) of a request that may not do what needs a scope; undefined if it may. */
async function refusal(header, scope) {
  const [, token] = /^Bearer (.+)$/i.exec(header ?? '') ?? []
  if (token === undefined) return [401, 'Bearer']
  try {
    const { payload } = await jwtVerify(token, keys, rules)
    const scopes = ${isList ? `payload.${claim} ?? []` : `String(payload.${claim} ?? '').split(' ')`}
    if (!scopes.includes(scope)) return [403, \`Bearer error="insufficient_scope", scope="\${scope}"\`]
  } catch (error) {
    // Without keys nobody knows whether the token is good.
    if (!(error instanceof errors.JOSEError) || error.code === 'ERR_JOSE_GENERIC' || error.code === 'ERR_JWKS_TIMEOUT') throw error
    return [401, 'Bearer error="invalid_token"']
  }
}
`

/** Code for services in Node. */
export const nodeVerifiers: readonly Verifier[] = [
  {
    name: 'Node',
    file: 'server.mjs',
    code: (facts) => `import { createServer } from 'node:http'
${jose(facts)}
const needed = {
${each(facts.scopes, (one) => `  ${single(pathOf(one))}: ${single(one)},`)}
}
createServer(async (request, response) => {
  const scope = needed[request.url]
  if (scope === undefined) return response.writeHead(404).end()
  const refused = await refusal(request.headers.authorization, scope).catch(() => [503])
  if (refused === undefined) return response.end('{}')
  const [status, challenge] = refused
  response.writeHead(status, challenge && { 'www-authenticate': challenge }).end()
}).listen(3000)`,
  },
  {
    name: 'Express',
    file: 'server.mjs',
    code: ({ issuer, audience, typ, algorithm, claim, isList, scopes }) => `import express from 'express'
import { auth, ${claim === 'scope' ? 'requiredScopes' : 'InsufficientScopeError'} } from 'express-oauth2-jwt-bearer'

const app = express()
app.use(
  auth({
    issuerBaseURL: ${single(issuer)},
    audience: ${single(audience)},
    tokenSigningAlg: ${single(algorithm)},
    validators: { typ: (typ) => typ === ${single(typ)} },
  }),
)
const needs = ${
      claim === 'scope'
        ? 'requiredScopes'
        : `(scope) => (request, response, next) =>
  next((request.auth.payload.${claim} ?? ${isList ? '[]' : "''"})${isList ? '' : ".split(' ')"}.includes(scope) ? undefined : new InsufficientScopeError([scope]))`
    }
${each(scopes, (one) => `app.get('${pathOf(one)}', needs(${single(one)}), (request, response) => response.json({}))`)}
// Its errors have the status and the challenge of RFC 6750.
app.use((error, request, response, next) => response.status(error.status ?? 500).set(error.headers ?? {}).end())
app.listen(3000)`,
  },
  {
    name: 'Fastify',
    file: 'server.mjs',
    code: (facts) => `import Fastify from 'fastify'
${jose(facts)}
const app = Fastify()
const needs = (scope) => async (request, reply) => {
  const [status, challenge] = (await refusal(request.headers.authorization, scope)) ?? []
  if (status !== undefined) return reply.code(status).header('www-authenticate', challenge).send()
}
${each(facts.scopes, (one) => `app.get('${pathOf(one)}', { preHandler: needs(${single(one)}) }, async () => ({}))`)}
await app.listen({ port: 3000 })`,
  },
]

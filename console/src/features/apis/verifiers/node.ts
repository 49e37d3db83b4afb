import { each, type Facts, pathOf, single, type Verifier } from './facts.ts'

const jose = ({ issuer, jwks, audience, typ, algorithm, claim, isList }: Facts): string =>
  `import { createRemoteJWKSet, jwtVerify } from 'jose'

const keys = createRemoteJWKSet(new URL(${single(jwks)}))
const rules = {
  issuer: ${single(issuer)},
  audience: ${single(audience)},
  typ: ${single(typ)},
  algorithms: [${single(algorithm)}],
}
const scopesOf = async (header = '') => {
  const { payload } = await jwtVerify(header.replace(/^Bearer /i, ''), keys, rules)
  return ${isList ? `payload.${claim} ?? []` : `String(payload.${claim} ?? '').split(' ')`}
}
`

/** Code for services in Node. */
export const nodeVerifiers: readonly Verifier[] = [
  {
    name: 'Node',
    code: (facts) => `${jose(facts)}
import { createServer } from 'node:http'

const needed = {
${each(facts.scopes, (one) => `  ${single(pathOf(one))}: ${single(one)},`)}
}
createServer(async (request, response) => {
  const scope = needed[request.url]
  const scopes = await scopesOf(request.headers.authorization).catch(() => undefined)
  response.statusCode = scope === undefined ? 404 : scopes === undefined ? 401 : scopes.includes(scope) ? 200 : 403
  response.end()
}).listen(3000)`,
  },
  {
    name: 'Express',
    code: ({ issuer, audience, typ, algorithm, claim, scopes }) => `import express from 'express'
import { auth, claimIncludes } from 'express-oauth2-jwt-bearer'

const app = express()
app.use(
  auth({
    issuerBaseURL: ${single(issuer)},
    audience: ${single(audience)},
    tokenSigningAlg: ${single(algorithm)},
    validators: { typ: (typ) => typ === ${single(typ)} },
  }),
)
${each(scopes, (one) => `app.get('${pathOf(one)}', claimIncludes(${single(claim)}, ${single(one)}), (request, response) => response.json({}))`)}
app.listen(3000)`,
  },
  {
    name: 'Fastify',
    code: (facts) => `${jose(facts)}
import Fastify from 'fastify'

const app = Fastify()
const needs = (scope) => async (request, reply) => {
  const scopes = await scopesOf(request.headers.authorization).catch(() => undefined)
  if (scopes === undefined) return reply.code(401).send()
  if (!scopes.includes(scope)) return reply.code(403).send()
}
${each(facts.scopes, (one) => `app.get('${pathOf(one)}', { preHandler: needs(${single(one)}) }, async () => ({}))`)}
await app.listen({ port: 3000 })`,
  },
]

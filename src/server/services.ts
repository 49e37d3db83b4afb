import type { AuditSink } from '../audit/sink.ts'
import { CertificateCheck } from '../client-auth/certificates/check.ts'
import { AddressRules } from '../client-auth/remote-jwks/addresses.ts'
import { IssuerKeys } from '../client-auth/remote-jwks/discovery.ts'
import { JsonFetcher } from '../client-auth/remote-jwks/fetch-json.ts'
import { RemoteKeySets } from '../client-auth/remote-jwks/key-sets.ts'
import { proxyOf } from '../client-auth/remote-jwks/proxy.ts'
import { SecretVerifier } from '../client-auth/secrets/verifier.ts'
import { GuessLimiter } from '../client-auth/throttle/limiter.ts'
import type { Config } from '../config/resolve.ts'
import { endpointPaths } from '../endpoints/paths.ts'
import type { RuntimeServices } from '../endpoints/routes.ts'
import { DEFAULT_TENANT } from '../oauth/ids.ts'
import type { Tracing } from '../observability/tracing.ts'
import { DpopNonces } from '../sender-constraint/nonce.ts'
import { Judge } from '../tokens/introspection/verdict.ts'
import { Sealer, Unsealer } from '../tokens/sealed.ts'
import type { CredentialNotes } from './credentials.ts'
import type { Model } from './model.ts'
import { traceSigners } from './tracing.ts'
import type { Means } from './world.ts'

/** What the OAuth endpoints work with. @throws UserError where a configured file is not what it should be */
export function createServices(
  config: Config,
  { changes, directory, keySources, masterKey, keyring, revocations, consumers }: Model,
  { usage, marks }: CredentialNotes,
  { clock, random, lookup, shared, live, holds }: Means,
  audit: AuditSink,
  tracing: Tracing,
): RuntimeServices {
  const fetcher = tracing.calls(
    'fetch',
    new JsonFetcher({
      addresses: new AddressRules(config.outbound.allow),
      proxy: proxyOf(config.outbound),
      ...(config.outboundAuthorities && { ca: [config.outboundAuthorities] }),
      lookup,
    }),
  )
  const keySets = new RemoteKeySets(clock, fetcher)
  const issuerKeys = new IssuerKeys(clock, fetcher, keySets)
  keySources.fetchWith(({ issuer, jwksUri }) =>
    issuer === undefined ? keySets.keysFor(jwksUri, undefined) : issuerKeys.keysFor(issuer, undefined, jwksUri),
  )
  const tokenEndpoint = config.issuer + endpointPaths.token
  const tokens = { issuer: config.issuer, keyring, clock }
  const verifier = { ...tokens, unsealer: new Unsealer() }
  const certificates = new CertificateCheck(config.clientAuthorities, clock)
  live.follow((next) => certificates.prepareAuthorities(next.clientAuthorities))
  return {
    authenticator: {
      tenant: DEFAULT_TENANT,
      directory,
      verifier: tracing.calls('secret', new SecretVerifier(clock, random, masterKey.derive('secret marks')[0])),
      guesses: shared?.guesses ?? new GuessLimiter(clock),
      marks,
      keySets,
      issuerKeys,
      certificates,
      masterKey,
      clock,
      usage,
      takesSample: config.isDevelopment,
      holds,
      get keyWait() {
        return keySources.areThere ? config.outbound.wait : 0
      },
      assertions: {
        issuer: config.issuer,
        tokenEndpoint,
        get maxLifetime() {
          return live.current.assertions.max_lifetime
        },
        get algorithms() {
          return live.current.assertions.algorithms
        },
        get audienceForm() {
          return live.current.assertions.audience
        },
      },
    },
    prover: {
      clock,
      marks,
      nonces: new DpopNonces(() => masterKey.derive('dpop nonce', keyring.masterKeyId), clock),
      get isNonceRequired() {
        return live.current.dpop.require_nonce === 'on'
      },
      get algorithms() {
        return live.current.dpop.algorithms
      },
      tokenEndpoint,
    },
    issuer: {
      ...tokens,
      keyring: traceSigners(tracing, keyring),
      get defaultLifetime() {
        return live.current.token.lifetime
      },
      sealer: new Sealer(random),
    },
    changes,
    judge: new Judge({ verifier, changes, directory, revocations }),
    verifier,
    revocations,
    recording: { tenant: DEFAULT_TENANT, audit, clock },
    metadata: {
      issuer: config.issuer,
      get assertionAlgorithms() {
        return live.current.assertions.algorithms
      },
      get proofAlgorithms() {
        return live.current.dpop.algorithms
      },
    },
    keys: {
      keyring,
      consumers,
      get maxAge() {
        return live.current.keys.cache_max_age
      },
    },
  }
}

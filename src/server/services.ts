import type { AuditSink } from '../audit/sink.ts'
import { CertificateCheck } from '../client-auth/certificates/check.ts'
import { RegisteredKeys } from '../client-auth/registered-keys.ts'
import { IssuerKeys } from '../client-auth/remote-jwks/discovery.ts'
import { RemoteKeySets } from '../client-auth/remote-jwks/key-sets.ts'
import { SecretVerifier } from '../client-auth/secrets/verifier.ts'
import type { Guesses } from '../client-auth/throttle/guesses.ts'
import { Conditions } from '../conditions/conditions.ts'
import type { RuntimeContext } from '../endpoints/routes.ts'
import { endpointAddresses } from '../oauth/endpoints.ts'
import { DEFAULT_TENANT } from '../oauth/ids.ts'
import type { Tracing } from '../observability/tracing.ts'
import { AccessDecisions } from '../policy/entitlement.ts'
import type { ReplayMarks } from '../replay/marks.ts'
import { DpopNonces } from '../sender-constraint/nonce.ts'
import { ProofKeys } from '../sender-constraint/proof-keys.ts'
import type { ProofVerifier } from '../sender-constraint/verify-proof.ts'
import { TokenIntrospector } from '../tokens/introspection/introspector.ts'
import { TokenProfiles } from '../tokens/profile.ts'
import { Sealer, Unsealer } from '../tokens/sealed.ts'
import type { Verifier } from '../tokens/verify.ts'
import type { UsageCounter } from '../usage/counter.ts'
import type { CredentialNotes } from './credentials.ts'
import type { Dependencies } from './environment.ts'
import { fetcherOf } from './fetcher.ts'
import type { Model } from './model.ts'
import { traceSigners } from './tracing.ts'

interface Parts {
  readonly model: Model
  readonly credentials: CredentialNotes
  readonly guesses: Guesses
  /** Takes the events of requests. */
  readonly audit: AuditSink
  readonly usage: UsageCounter
  readonly tracing: Tracing
}

/** The parts that verify tokens and the proofs that go with them. */
interface TokenParts {
  readonly tokenVerifier: Verifier
  readonly introspector: TokenIntrospector
  readonly proofVerifier: ProofVerifier
}

/** Makes the parts that verify our own tokens. */
function createTokenParts(
  { config, clock, live }: Pick<Dependencies, 'config' | 'clock' | 'live'>,
  { changes, directory, masterKey, keyring, revocations }: Model,
  marks: ReplayMarks,
): TokenParts {
  const tokenVerifier = { issuer: config.issuer, keyring, clock, unsealer: new Unsealer() }
  return {
    tokenVerifier,
    introspector: new TokenIntrospector({ verifier: tokenVerifier, changes, directory, revocations }),
    proofVerifier: {
      marks,
      keys: new ProofKeys(),
      nonces: new DpopNonces(() => masterKey.derive('dpop nonce', keyring.masterKeyId), clock),
      get isNonceRequired() {
        return live.current.dpop.require_nonce === 'on'
      },
      get algorithms() {
        return live.current.dpop.algorithms
      },
      origin: new URL(config.issuer).origin,
    },
  }
}

/** Makes the services that the OAuth endpoints call. @throws UserError if a configured file is unusable */
export function createServices(
  dependencies: Dependencies,
  { model, credentials, guesses, audit, usage: counter, tracing }: Parts,
): RuntimeContext {
  const { config, clock, random, lookup, live, holds } = dependencies
  const { changes, directory, keySources, masterKey, keyring, revocations, consumers } = model
  const { usage, replacements, marks } = credentials
  const fetcher = tracing.calls('fetch', fetcherOf({ config, lookup }))
  const keySets = new RemoteKeySets(clock, fetcher)
  const issuerKeys = new IssuerKeys(clock, fetcher, keySets)
  keySources.fetchWith(({ issuer, jwksUri }) =>
    issuer === undefined ? keySets.keysFor(jwksUri, undefined) : issuerKeys.keysFor(issuer, undefined, jwksUri),
  )
  const addresses = endpointAddresses(config.issuer, config.aliases)
  const tokens = createTokenParts(dependencies, model, marks)
  const certificates = new CertificateCheck(config.clientAuthorities, clock)
  return {
    directory,
    accessDecisions: new AccessDecisions(),
    clientAuth: {
      tenant: DEFAULT_TENANT,
      directory,
      secrets: tracing.calls('secret', new SecretVerifier(clock, random, masterKey.derive('secret marks')[0])),
      guesses,
      marks,
      keySets,
      issuerKeys,
      registeredKeys: new RegisteredKeys(),
      certificates,
      conditions: new Conditions(),
      masterKey,
      usage,
      replacements,
      takesSample: config.isDevelopment,
      holds,
      get keyWait() {
        return keySources.areThere ? config.outbound.wait : 0
      },
      assertions: {
        issuer: config.issuer,
        tokenEndpoints: addresses.urlsOf('token'),
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
    ...tokens,
    issuer: {
      url: config.issuer,
      keyring: traceSigners(tracing, keyring),
      get defaultLifetime() {
        return live.current.token.lifetime
      },
      profiles: new TokenProfiles(),
      sealer: new Sealer(random),
    },
    changes,
    revocations,
    recording: { tenant: DEFAULT_TENANT, audit, usage: counter },
    metadata: {
      issuer: config.issuer,
      addresses,
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

import { shellWord } from '../../../platform/shell.ts'
import { rotateSecret } from './actions.ts'
import { type Advise, always, clientEntry, command, numberOf, request, setting, spanInWords, textOf } from './case.ts'

/** Advice on refusals whose cause is the server or its load. */
export const serverAdvice = {
  storage_unavailable: always(
    command('Check whether the database can be reached', 'tessera config check'),
    setting('Let requests wait longer for PostgreSQL', 'storage_request_timeout: 2000'),
  ),
  out_of_date: always(command('See which part is behind', 'curl https://localhost:9999/readyz')),
  record_unreadable: (about) => ({
    notes: [`The record that can not be read: ${textOf(about, 'record') ?? 'see the detail'}.`],
    remedies: [command('Replace the record by applying its manifest', 'tessera apply -f <manifest>')],
  }),
  no_signing_key: always(
    command('See the keys', 'tessera keys list'),
    command('Make the next key active', 'tessera keys rotate --now', {
      operation: 'keys.rotate',
      path: {},
      body: { now: true },
    }),
  ),
  key_unusable: always(command('See which keys can not be used, and repair them', 'tessera keys repair')),
  too_many_guesses: (about) => {
    const wait = numberOf(about, 'retry_after')
    return {
      notes: wait === undefined ? [] : [`The sender may try again after ${spanInWords(wait)}.`],
      remedies: [
        command('See which requests failed before', `tessera explain --client ${shellWord(about.client)} --last 5`),
        command(
          'Give the client a generated secret, which is never slowed',
          `tessera credentials rotate ${shellWord(about.client)}`,
          rotateSecret(about),
        ),
      ],
    }
  },
  secret_queue_full: (about) => ({
    remedies: [
      command(
        'Give the client a generated secret, which needs no queue',
        `tessera credentials rotate ${shellWord(about.client)}`,
        rotateSecret(about),
      ),
    ],
  }),
  certificate_malformed: always(
    setting('Name the format in which the proxies pass on certificates', 'runtime.certificate_header: client-cert'),
    request('Send a certificate that can be read', 'openssl x509 -in client.crt -noout -text'),
  ),
} as const satisfies Readonly<Record<string, Advise>>

/** Advice on proofs of possession. */
const NEW_PROOF = 'one proof for each request, with a jti of its own'
const TRY = command(
  'Compare with a request that works',
  "tessera token --issuer <issuer> --client-id '<client-id>' --dpop new",
)

export const proofAdvice = {
  dpop_required: always(
    request('Send a DPoP proof (RFC 9449 §5)', 'DPoP: <proof>'),
    clientEntry('Require no proof of this client', 'require: sender_constrained'),
    TRY,
  ),
  certificate_required: always(
    request('Connect with the client certificate', 'curl --cert client.crt --key client.key'),
    setting('Pass the certificate on, if a proxy ends TLS', 'runtime.certificate_header: client-cert'),
  ),
  dpop_refused: always(request('Send the certificate alone', 'no DPoP header')),
  sender_constraint_required: always(
    request('Send a DPoP proof, or connect with a certificate', 'DPoP: <proof>'),
    setting('Pass the certificate on, if a proxy ends TLS', 'runtime.certificate_header: client-cert'),
  ),
  dpop_proof_repeated: always(request('Send one DPoP header', 'DPoP: <proof>')),
  dpop_proof_malformed: always(
    request('Send a signed JWT in compact form', 'DPoP: <header>.<claims>.<signature>'),
    TRY,
  ),
  dpop_proof_typ: always(request('Set the typ of the proof', '{"typ":"dpop+jwt"}')),
  dpop_proof_algorithm: always(
    request('Sign with an algorithm of the metadata', 'dpop_signing_alg_values_supported'),
    setting('Accept the algorithm', 'dpop.algorithms: ES256,EdDSA,PS256,RS256'),
  ),
  dpop_proof_key: always(
    request('Put the public key into the header, and nothing private', '{"jwk":{"kty":"EC","crv":"P-256"}}'),
  ),
  dpop_proof_signature: always(request('Sign the proof with the key that its header has', NEW_PROOF), TRY),
  dpop_proof_claims: always(
    request('Set jti, htm, htu and iat (RFC 9449 §4.2)', '{"jti":"…","htm":"POST","htu":"…","iat":0}'),
  ),
  dpop_proof_htm: always(request('Name the method of the request', '{"htm":"POST"}')),
  dpop_proof_htu: (about) => ({
    remedies: [
      request(
        'Name the address of the token endpoint in the metadata, without a query',
        `{"htu":"${expectedUri(about.detail)}"}`,
      ),
    ],
  }),
  dpop_proof_ath: always(request('Make the proof for this token (RFC 9449 §4.2)', '{"ath":"<SHA-256 of the token>"}')),
  dpop_proof_time: always(
    command('Set the clock of the machine on which the client runs', 'timedatectl set-ntp true'),
    request('Make the proof just before the request', NEW_PROOF),
  ),
  dpop_proof_replayed: always(request('Make a new proof for each request, also for a repetition', NEW_PROOF)),
  dpop_nonce_missing: always(
    request('Try again with the nonce in the DPoP-Nonce header of the answer', '{"nonce":"…"}'),
    setting('Require no nonce', 'dpop.require_nonce: off'),
  ),
  dpop_nonce_stale: always(request('Try again with the nonce in the DPoP-Nonce header of the answer', '{"nonce":"…"}')),
} as const satisfies Readonly<Record<string, Advise>>

function expectedUri({ expected }: Readonly<Record<string, unknown>>): string {
  const [uri] = Array.isArray(expected) ? expected : []
  return typeof uri === 'string' ? uri : '<issuer>/as/token.oauth2'
}

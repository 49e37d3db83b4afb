import { shellWord } from '../../../platform/shell.ts'
import { withoutEnd } from '../../../platform/text.ts'
import type { Advice, Check, Remedy } from './advice.ts'
import {
  type Advise,
  always,
  type Case,
  clientEntry,
  command,
  credentialsInWords,
  failed,
  numberOf,
  partOf,
  readable,
  request,
  setting,
  spanInWords,
  textOf,
  textsOf,
} from './case.ts'

const verb = (words: string, { client }: Case, ...more: readonly string[]): string =>
  [`tessera ${words}`, ...[client, ...more].map(word)].join(' ')

/** A placeholder stays as it is. */
const word = (text: string): string => (/^<[a-z-]+>$/.test(text) ? text : shellWord(text))

const rotate = (about: Case): Remedy =>
  command('Give the client a new secret, if nobody knows the right one', verb('credentials rotate', about))
const list = (about: Case): Remedy => command('See the credentials of the client', verb('credentials list', about))

/** Each form of a refused secret in words. */
const FORMS: Readonly<Record<string, string>> = {
  generated: 'a whole generated secret',
  'cut off': 'a generated secret that is cut off: its end is missing',
  'too long': 'a generated secret with more text after it',
  mistyped: 'a generated secret with a wrong character: its checksum is wrong',
  token: 'a token in the place of the secret',
  chosen: 'a text that was not generated here',
}

/** Compares the secret that came with those of the client. */
function secretCheck(about: Case): readonly Check[] {
  const received = partOf(about, 'received')
  const form = FORMS[String(received.detail['form'])]
  if (form === undefined) return []
  const { hint, white_space: space, quotation_marks: quoted } = received.detail
  const came = [
    ...(typeof hint === 'string' ? [`${form} (…${hint})`] : [form]),
    ...(typeof space === 'string' ? [`with white space ${space}`] : []),
    ...(quoted === true ? ['in quotation marks'] : []),
  ]
  const secrets = about.credentials.filter(({ credential }) => credential.kind === 'secret')
  return [failed('secret', credentialsInWords(secrets), came.join(', '))]
}

/** Remedies for the form in which the secret came. */
function secretRemedies(about: Case): readonly Remedy[] {
  const { form, white_space: space, quotation_marks: quoted } = partOf(about, 'received').detail
  return [
    ...(space === undefined && quoted === undefined
      ? []
      : [request('Remove what stands around the secret', `SECRET="$(tr -d ' \\t\\r\\n\\"' < secret-file)"`)]),
    ...(form === 'cut off' || form === 'too long' || form === 'mistyped'
      ? [request('Copy the secret again, as a whole', 'tss_ and 49 letters and digits')]
      : []),
    ...(form === 'token'
      ? [request('Send the token as client_assertion, and no secret', 'client_assertion=<token>')]
      : []),
  ]
}

/** Says to which credential the secret belongs. */
function ownerNotes({ secretOf, client }: Case): readonly string[] {
  if (secretOf === undefined) return []
  const { client: owner, credential, state } = secretOf
  if (owner === client) return [`The secret is that of ${credential} (${state}), without what stands around it.`]
  return [`The secret belongs to the client ${owner} (${credential}, ${state}).`]
}

function ownerRemedies({ secretOf, client }: Case): readonly Remedy[] {
  if (secretOf === undefined || secretOf.client === client) return []
  return [request('Send the client_id to which the secret belongs', `client_id=${secretOf.client}`)]
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  secret: 'a secret',
  keys: 'public keys (private_key_jwt)',
  certificate: 'a certificate (tls_client_auth)',
  federated: 'tokens of an outside issuer',
}

/** How a client authenticates that has credentials of these kinds. */
function useKinds(about: Case): readonly Remedy[] {
  const has = textsOf(about, 'has')
  const base = `tessera token --issuer <issuer> --client-id ${word(about.client)}`
  return [
    ...(has.includes('keys') ? [command('Authenticate with the private key', `${base} --key <file>`)] : []),
    ...(has.includes('certificate')
      ? [command('Authenticate with the certificate', `${base} --cert <file> --key <file>`)]
      : []),
    ...(has.includes('federated')
      ? [command('Authenticate with a token of the platform', `${base} --assertion-file <file>`)]
      : []),
  ]
}

function noSuchCredential(about: Case): Advice {
  const has = textsOf(about, 'has').map((kind) => KIND_WORDS[kind] ?? kind)
  const method = textOf(about, 'method') ?? 'a secret'
  return {
    checks: [
      ...(has.length > 0 ? [failed('credential', has.join(', '), method)] : []),
      ...secretCheck(about).slice(0, has.length > 0 ? 0 : 1),
    ],
    notes: ownerNotes(about),
    remedies: [
      ...ofOneOrMore(useKinds(about), command('Give the client a secret', verb('credentials add', about))),
      ...(textsOf(about, 'has').length > 0
        ? [command('Give the client a secret', verb('credentials add', about))]
        : []),
    ],
  }
}

/** The remedies, or the other one if there are none. */
function ofOneOrMore([first, ...others]: readonly Remedy[], otherwise: Remedy): readonly [Remedy, ...Remedy[]] {
  return first === undefined ? [otherwise] : [first, ...others]
}

function disabledAdvice(about: Case): Advice {
  const client = readable(about)
  const { disabled } = about
  const at = client?.ended?.disabledAt
  const since =
    disabled !== undefined
      ? [`It was disabled on ${disabled.at} by ${disabled.by}.`]
      : at !== undefined
        ? [`A command disabled it on ${new Date(at).toISOString()}.`]
        : ['Its manifest says enabled: false.']
  const enable = command('Enable the client', verb('clients enable', about))
  if (client === undefined) return { remedies: [enable] }
  return {
    notes: client.enabled ? ['The client is enabled now.'] : since,
    remedies:
      client.enabled || disabled !== undefined || at !== undefined
        ? [enable]
        : [clientEntry('Enable the client in its manifest', 'enabled: true'), enable],
  }
}

/** Advice on client authentication. */
export const authenticationAdvice = {
  several_methods: (about) => ({
    checks: [failed('authentication', 'one of them', textsOf(about, 'received').join(', ') || 'several')],
    remedies: [request('Leave out all but one', 'the Authorization header, client_secret or client_assertion')],
  }),
  no_credentials: (about) => {
    const certificates = about.credentials.filter(({ credential }) => credential.kind === 'certificate')
    if (certificates.length === 0 || about.detail['certificate'] !== 'none') {
      return {
        remedies: [
          request('Send the credentials', `Authorization: Basic <base64 of ${about.client}:secret>`),
          command(
            'Compare with a request that works',
            `tessera token --issuer <issuer> --client-id ${word(about.client)} --curl`,
          ),
        ],
      }
    }
    return {
      checks: [failed('certificate', credentialsInWords(certificates), 'none')],
      notes: [
        'The client authenticates by certificate, but none arrived: check whether it sends one, and whether a proxy terminates TLS before the server (runtime.certificate_header).',
      ],
      remedies: [
        command(
          'Connect with the certificate',
          `tessera token --issuer <issuer> --client-id ${word(about.client)} --cert <file> --key <file>`,
        ),
        setting('Have the proxy pass the certificate on', 'runtime.certificate_header: client-cert'),
      ],
    }
  },
  malformed_authorization: (about) => ({
    checks: [
      failed('Authorization', 'Basic and base64 of id, colon and secret', textOf(about, 'received') ?? '(unknown)'),
    ],
    remedies: [request('Send HTTP Basic', `Authorization: Basic <base64 of client_id:client_secret>`)],
  }),
  client_id_mismatch: (about) => ({
    checks: [failed('client_id', about.client, textOf(about, 'in_body') ?? '(another)')],
    remedies: [request('Send the same client_id twice, or leave it out of the body', `client_id=${about.client}`)],
  }),
  unknown_client: (about) => {
    const { similar, secretOf } = about
    return {
      meant: similar === undefined ? [] : [{ sent: about.client, meant: similar }],
      notes:
        secretOf === undefined
          ? []
          : [`The secret belongs to the client ${secretOf.client} (${secretOf.credential}, ${secretOf.state}).`],
      remedies: [
        ...ofOneOrMore(
          [secretOf?.client ?? similar].flatMap((id) =>
            id === undefined ? [] : [request('Send the right client_id', `client_id=${id}`)],
          ),
          command('See which clients there are', 'tessera clients list'),
        ),
        command('Add the client by its manifest', 'tessera apply -f <manifest>'),
      ],
    }
  },
  client_disabled: disabledAdvice,
  wrong_secret: (about) => ({
    checks: secretCheck(about),
    notes: ownerNotes(about),
    remedies: [...ofOneOrMore([...ownerRemedies(about), ...secretRemedies(about)], list(about)), rotate(about)],
  }),
  expired_credential: (about) => ({
    checks: [
      failed(
        'credential',
        'one that has not expired',
        `${about.credential}, expired on ${textOf(about, 'expired') ?? '(unknown)'}`,
      ),
    ],
    notes: others(about),
    remedies: [
      command('Add a credential that takes its place', verb('credentials add', about)),
      clientEntry(
        'Or move the expiry in the manifest',
        'credentials: [{ label: <label>, expires: 2031-01-01T00:00:00Z }]',
      ),
    ],
  }),
  revoked_credential: (about) => ({
    checks: [
      failed(
        'credential',
        'one that was not revoked',
        `${about.credential}, revoked on ${textOf(about, 'revoked') ?? '(unknown)'}`,
      ),
    ],
    notes: others(about),
    remedies: [command('Add a credential that takes its place', verb('credentials add', about)), list(about)],
  }),
  credential_unreadable: (about) => ({
    notes: [
      `The credential ${textOf(about, 'unreadable_credential') ?? about.credential} can not be read: ${textOf(about, 'problem') ?? 'see the detail'}.`,
    ],
    remedies: [
      command('Add a credential that takes its place', verb('credentials add', about)),
      command(
        'Remove the damaged one',
        verb('credentials remove', about, textOf(about, 'unreadable_credential') ?? '<credential>'),
      ),
      command('Repair secrets that another master key has encrypted', 'tessera keys repair'),
    ],
  }),
  sample_credential: (about) => ({
    remedies: [
      command('Give the client a secret of its own', verb('credentials add', about)),
      command('Remove the published one', verb('credentials remove', about, about.credential)),
    ],
  }),
  no_such_credential: noSuchCredential,
  method_not_allowed_here: (about) => ({
    checks: [
      failed('method', textsOf(about, 'allowed').join(', ') || '(none)', textOf(about, 'method') ?? '(unknown)'),
    ],
    remedies: [
      clientEntry(
        'Allow the method',
        `auth_methods: [${[...textsOf(about, 'allowed'), textOf(about, 'method') ?? '<method>'].join(', ')}]`,
      ),
      request('Use a method that is allowed', textsOf(about, 'allowed')[0] ?? '<method>'),
    ],
  }),
  assertion_type: (about) => ({
    checks: [
      failed(
        'client_assertion_type',
        textOf(about, 'expected') ?? '(that of RFC 7523)',
        textOf(about, 'received') ?? '(none)',
      ),
    ],
    remedies: [
      request('Send both parameters', 'client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer'),
    ],
  }),
  assertion_replayed: always(
    request('Make a new assertion for each request, also for a repetition', '{"jti":"<a new one>"}'),
  ),
  federated_ambiguous: (about) => ({
    notes: [`The token fits ${textsOf(about, 'clients').join(' and ') || 'several clients'}.`],
    remedies: [request('Name the client', `client_id=${textsOf(about, 'clients')[0] ?? '<client-id>'}`)],
  }),
  federated_signature: (about) => ({
    checks: [
      failed(
        'signature',
        'one by a key of the issuer',
        `alg ${textOf(about, 'alg') ?? '?'}, kid ${textOf(about, 'kid') ?? '(none)'}`,
      ),
    ],
    remedies: [testToken(about)],
  }),
  certificate_mismatch: (about) => ({
    checks: [certificateCheck(about)],
    remedies: [
      command(
        'Register the certificate that came',
        verb('credentials add', about, '--certificate', certificateName(about)),
      ),
      request('Or connect with the registered certificate', 'curl --cert client.crt --key client.key'),
    ],
  }),
} as const satisfies Readonly<Record<string, Advise>>

const testToken = ({ client }: Case): Remedy =>
  command('Compare the token with the credentials', `tessera federate test --client ${word(client)} < token-file`)

/** The valid credentials, for a client whose credential has ended. */
function others({ credentials, at }: Case): readonly string[] {
  const valid = credentials.filter(
    ({ credential: { revokedAt, expiresAt } }) => revokedAt === undefined && (expiresAt ?? at + 1) > at,
  )
  return valid.length === 0
    ? ['The client has no other valid credential.']
    : [`The client also has ${credentialsInWords(valid)}.`]
}

const textOfPart = (about: Pick<Case, 'detail'>, name: string): string | undefined => {
  const value = about.detail[name]
  return typeof value === 'string' ? value : undefined
}

function certificateCheck(about: Case): Check {
  const certificates = about.credentials.filter(({ credential }) => credential.kind === 'certificate')
  const received = partOf(about, 'received')
  return failed('certificate', credentialsInWords(certificates), textOfPart(received, 'subject') ?? '(unknown)')
}

const certificateName = (about: Case): string =>
  `thumbprint=${textOfPart(partOf(about, 'received'), 'thumbprint') ?? '<thumbprint>'}`

const FIX_CLOCK = command('Set the clock of the machine on which the client runs', 'timedatectl set-ntp true')

/** One value that differs from ours by a slash alone: the addresses are the same to a person. */
function audienceNotes(about: Case): readonly string[] {
  const received = textOf(about, 'received')
  const [issuer] = textsOf(about, 'expected')
  if (received === undefined || issuer === undefined) return []
  if (withoutEnd(received, '/') === issuer) return ['The aud has one slash too many at its end.']
  if (received.includes('/as/token.oauth2')) return ['The aud is the token endpoint, in place of the issuer.']
  if (received.startsWith('http://')) return ['The aud begins with http, in place of https.']
  return []
}

/** Advice on assertions, certificates and tokens of outside issuers. */
export const assertionAdvice = {
  assertion_malformed: (about) => ({
    notes: [`The parser found this fault: ${textOf(about, 'fault') ?? 'see the detail'}.`],
    remedies: [command('Look into the assertion', 'tessera decode < assertion-file')],
  }),
  assertion_typ: always(request('Set the typ', '{"typ":"client-authentication+jwt"}')),
  assertion_claims: (about) => ({
    checks: [
      failed(
        textOf(about, 'claim') ?? 'claim',
        textOf(about, 'expected') ?? 'a claim of RFC 7523 §3',
        textOf(about, 'received') ?? '(none)',
      ),
    ],
    remedies: [
      request(
        'Set the claims of RFC 7523 §3',
        '{"iss":"<client-id>","sub":"<client-id>","aud":"<issuer>","jti":"…","exp":0}',
      ),
    ],
  }),
  assertion_subject: (about) => ({
    checks: [failed('sub', textOf(about, 'iss') ?? 'the same as iss', textOf(about, 'sub') ?? '(another)')],
    remedies: [request('Set iss and sub to the client_id', `{"iss":"${about.client}","sub":"${about.client}"}`)],
  }),
  assertion_audience: (about) => ({
    checks: [
      failed('aud', textsOf(about, 'expected').join(' or ') || 'the issuer', textOf(about, 'received') ?? '(none)'),
    ],
    notes: audienceNotes(about),
    remedies: [
      request('Set aud to the issuer, letter by letter', `{"aud":"${textsOf(about, 'expected')[0] ?? '<issuer>'}"}`),
      clientEntry(
        'Accept the token endpoint, too, if the library can not be changed',
        'assertion_audience: compatible',
      ),
      setting('Accept an array of one', 'assertions.audience: any'),
    ],
  }),
  assertion_expired: (about) => {
    const late = numberOf(about, 'seconds_late')
    return {
      notes:
        late === undefined
          ? []
          : [
              `The assertion expired ${spanInWords(late)} before it came: it was kept too long, or the clock of the client is slow.`,
            ],
      remedies: [request('Make the assertion just before the request', '{"exp":<now + 60>}'), FIX_CLOCK],
    }
  },
  assertion_not_yet_valid: (about) => {
    const ahead = numberOf(about, 'seconds_ahead')
    return {
      notes: ahead === undefined ? [] : [`The clock of the client is ${spanInWords(ahead)} fast.`],
      remedies: [FIX_CLOCK],
    }
  },
  assertion_too_long_lived: (about) => {
    const ahead = numberOf(about, 'seconds_ahead')
    const allowed = numberOf(about, 'allowed')
    return {
      notes:
        ahead === undefined || allowed === undefined
          ? []
          : [`It would live ${spanInWords(ahead)}, and ${spanInWords(allowed)} are allowed.`],
      remedies: [
        request('Let the assertion live for a minute', '{"exp":<now + 60>}'),
        setting('Allow a longer life', `assertions.max_lifetime: ${Math.ceil(ahead ?? 3_600)}`),
      ],
    }
  },
  assertion_algorithm: (about) => ({
    checks: algorithmChecks(about),
    remedies: [
      request('Sign with an algorithm of the metadata', 'token_endpoint_auth_signing_alg_values_supported'),
      setting('Accept the algorithm', 'assertions.algorithms: ES256,EdDSA,PS256,RS256'),
      list(about),
    ],
  }),
  assertion_key: (about) => ({
    checks: keyChecks(about),
    remedies: [
      command('Register the public key', verb('credentials add', about, '--jwks', '<file>')),
      request('Or set the kid of a registered key', '{"kid":"<kid>"}'),
    ],
  }),
  assertion_signature: (about) => ({
    checks: keyChecks(about),
    remedies: [
      command(
        'Register the public key that belongs to the private key',
        verb('credentials add', about, '--jwks', '<file>'),
      ),
      command('Try the private key', `tessera token --issuer <issuer> --client-id ${word(about.client)} --key <file>`),
    ],
  }),
  federated_issuer_unknown: (about) => ({
    checks: [
      failed(
        'issuer',
        textsOf(about, 'expected').join(', ') || '(none)',
        textsOf(about, 'issuers').join(', ') || '(none)',
      ),
    ],
    remedies: [command('Trust the issuer', verb('credentials add', about, '--federated', '<file>')), testToken(about)],
  }),
  federated_expired: (about) => ({
    remedies: [
      request('Get a new token from the platform just before the request', 'client_assertion=<token>'),
      testToken(about),
    ],
  }),
  federated_no_match: (about) => ({
    remedies: [
      command('Change the conditions of the credential', verb('credentials add', about, '--federated', '<file>')),
      testToken(about),
    ],
  }),
  certificate_untrusted: (about) => ({
    notes: [`The reason: ${textOf(about, 'message') ?? textOf(about, 'problem') ?? 'see the detail'}.`],
    remedies: [
      setting('Trust the authority that issued it', 'tls.client_ca: <file>'),
      command(
        'Or register the certificate itself',
        verb('credentials add', about, '--certificate', 'thumbprint=<thumbprint>'),
      ),
    ],
  }),
  certificate_expired: always(
    request('Renew the certificate, and connect with the new one', 'openssl x509 -in client.crt -noout -enddate'),
  ),
  certificate_not_yet_valid: always(
    request('Wait, or correct the clock that issued it', 'openssl x509 -in client.crt -noout -startdate'),
  ),
  keys_unavailable: (about) => ({
    notes: [`The keys could not be fetched: ${textOf(about, 'message') ?? 'see the detail'}.`],
    remedies: [
      setting('Allow the address, if it is a private one', 'outbound.allow: <network>'),
      setting('Trust the authority of its certificate', 'outbound.ca: <file>'),
      command('Or register the keys themselves', verb('credentials add', about, '--jwks', '<file>')),
    ],
  }),
} as const satisfies Readonly<Record<string, Advise>>

function algorithmChecks(about: Case): readonly Check[] {
  const expected = partOf(about, 'expected').detail
  const names = [expected['algorithms'], expected['alg']].flat().filter((one) => typeof one === 'string')
  const received = textOfPart(partOf(about, 'received'), 'alg')
  return received === undefined ? [] : [failed('alg', names.join(', ') || 'one that fits a registered key', received)]
}

function keyChecks(about: Case): readonly Check[] {
  const { keys } = partOf(about, 'expected').detail
  const kids = (Array.isArray(keys) ? keys : []).flatMap(
    (key: unknown) => textOfPart(partOf({ detail: { key } }, 'key'), 'kid') ?? [],
  )
  const received = textOfPart(partOf(about, 'received'), 'kid')
  return kids.length === 0 ? [] : [failed('kid', kids.join(', '), received ?? '(none)')]
}

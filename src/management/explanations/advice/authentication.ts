import { addSecret, changeClient, onClient, removeCredential, rotateSecret } from './actions.ts'
import type { Action, Advice, Check, Remedy } from './advice.ts'
import {
  type Advise,
  always,
  type Case,
  clientEntry,
  command,
  credentialsInWords,
  failed,
  partOf,
  readable,
  request,
  setting,
  textOf,
  textOfPart,
  textsOf,
} from './case.ts'
import { list, testToken, verb, word } from './commands.ts'
import { ownerNotes, ownerRemedies, secretCheck, secretRemedies } from './secrets.ts'

const rotate = (about: Case): Remedy =>
  command(
    'Give the client a new secret, if nobody knows the right one',
    verb('credentials rotate', about),
    rotateSecret(about),
  )
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
      ...ofOneOrMore(
        useKinds(about),
        command('Give the client a secret', verb('credentials add', about), addSecret(about)),
      ),
      ...(textsOf(about, 'has').length > 0
        ? [command('Give the client a secret', verb('credentials add', about), addSecret(about))]
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
  const enable = command('Enable the client', verb('clients enable', about), onClient(about, 'clients.enable'))
  if (client === undefined) return { remedies: [enable] }
  return {
    notes: client.enabled ? ['The client is enabled now.'] : since,
    remedies:
      client.enabled || disabled !== undefined || at !== undefined
        ? [enable]
        : [clientEntry('Enable the client in its manifest', 'enabled: true'), enable],
  }
}

/** Removes the credential that a member of the detail names. */
function removeNamed(about: Case, member: string): Action | undefined {
  const id = textOf(about, member)
  return id === undefined ? undefined : removeCredential(about, id)
}

function allowMethod(about: Case): Action | undefined {
  const method = textOf(about, 'method')
  return method === undefined
    ? undefined
    : changeClient(about, { auth_methods: [...textsOf(about, 'allowed'), method] })
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
      command('Add a credential that takes its place', verb('credentials add', about), addSecret(about)),
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
    remedies: [
      command('Add a credential that takes its place', verb('credentials add', about), addSecret(about)),
      list(about),
    ],
  }),
  credential_unreadable: (about) => ({
    notes: [
      `The credential ${textOf(about, 'unreadable_credential') ?? about.credential} can not be read: ${textOf(about, 'problem') ?? 'see the detail'}.`,
    ],
    remedies: [
      command('Add a credential that takes its place', verb('credentials add', about), addSecret(about)),
      command(
        'Remove the damaged one',
        verb('credentials remove', about, textOf(about, 'unreadable_credential') ?? '<credential>'),
        removeNamed(about, 'unreadable_credential'),
      ),
      command('Repair secrets that another master key has encrypted', 'tessera keys repair'),
    ],
  }),
  sample_credential: (about) => ({
    remedies: [
      command('Give the client a secret of its own', verb('credentials add', about), addSecret(about)),
      command(
        'Remove the published one',
        verb('credentials remove', about, about.credential),
        removeNamed(about, 'credential'),
      ),
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
        allowMethod(about),
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
        registerCertificate(about),
      ),
      request('Or connect with the registered certificate', 'curl --cert client.crt --key client.key'),
    ],
  }),
} as const satisfies Readonly<Record<string, Advise>>

/** The valid credentials, for a client whose credential has ended. */
function others({ credentials, at }: Case): readonly string[] {
  const valid = credentials.filter(
    ({ credential: { revokedAt, expiresAt } }) => revokedAt === undefined && (expiresAt ?? at + 1) > at,
  )
  return valid.length === 0
    ? ['The client has no other valid credential.']
    : [`The client also has ${credentialsInWords(valid)}.`]
}

function certificateCheck(about: Case): Check {
  const certificates = about.credentials.filter(({ credential }) => credential.kind === 'certificate')
  const received = partOf(about, 'received')
  return failed('certificate', credentialsInWords(certificates), textOfPart(received, 'subject') ?? '(unknown)')
}

function registerCertificate(about: Case): Action | undefined {
  const thumbprint = textOfPart(partOf(about, 'received'), 'thumbprint')
  return thumbprint === undefined ? undefined : onClient(about, 'credentials.add', { certificate: { thumbprint } })
}

const certificateName = (about: Case): string =>
  `thumbprint=${textOfPart(partOf(about, 'received'), 'thumbprint') ?? '<thumbprint>'}`

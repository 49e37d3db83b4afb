import { changeClient, onClient } from './actions.ts'
import type { Action, Advice } from './advice.ts'
import {
  type Advise,
  type Case,
  clientEntry,
  command,
  credentialsInWords,
  failed,
  ofOneOrMore,
  readable,
  request,
  setting,
  textOf,
  textsOf,
} from './case.ts'
import { verb, word } from './commands.ts'

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
} as const satisfies Readonly<Record<string, Advise>>

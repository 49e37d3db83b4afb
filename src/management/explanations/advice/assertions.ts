import { withoutEnd } from '../../../platform/text.ts'
import { changeClient, onClient } from './actions.ts'
import type { Action, Check } from './advice.ts'
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
  request,
  setting,
  spanInWords,
  textOf,
  textOfPart,
  textsOf,
} from './case.ts'
import { list, testToken, verb, word } from './commands.ts'

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

/** Advice on an assertion that no key of the client has signed. */
const ofKey: Advise = (about) => ({
  checks: keyChecks(about),
  remedies: [
    command(
      'Register the public key that belongs to the private key',
      verb('credentials add', about, '--jwks', '<file>'),
    ),
    command('Try the private key', `tessera token --issuer <issuer> --client-id ${word(about.client)} --key <file>`),
  ],
})

/** Advice on an assertion whose MAC no secret of the client has made. */
const ofSecret: Advise = (about) => ({
  notes: ['Its MAC was made with a secret that the client does not have, or that is not retrievable.'],
  remedies: [
    command(
      'Try the secret',
      `tessera token --issuer <issuer> --client-id ${word(about.client)} --secret-file <file> --auth-method client_secret_jwt`,
    ),
    command('Or give the client a secret that can make one', verb('credentials add', about, '--retrievable')),
  ],
})

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
        changeClient(about, { assertion_audience: 'compatible' }),
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
  assertion_signature: (about) => (textOf(about, 'method') === 'client_secret_jwt' ? ofSecret(about) : ofKey(about)),
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

import { isValid } from '../../../model/credentials/credential.ts'
import { addSecret, removeCredential, rotateSecret } from './actions.ts'
import type { Action, Advice, Remedy } from './advice.ts'
import {
  type Advise,
  type Case,
  clientEntry,
  command,
  credentialsInWords,
  failed,
  ofOneOrMore,
  textOf,
  textsOf,
} from './case.ts'
import { list, verb, word } from './commands.ts'
import { ownerNotes, ownerRemedies, secretCheck, secretRemedies } from './secrets.ts'

const rotate = (about: Case): Remedy =>
  command(
    'Give the client a new secret, if nobody knows the right one',
    verb('credentials rotate', about),
    rotateSecret(about),
  )

const replaceCredential = (about: Case): Remedy =>
  command('Add a credential that takes its place', verb('credentials add', about), addSecret(about))

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
    ...(has.includes('secret') ? [command('Authenticate with the secret', `${base} --secret-file <file>`)] : []),
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
  const give = command('Give the client a secret', verb('credentials add', about), addSecret(about))
  return {
    checks: [
      ...(has.length > 0 ? [failed('credential', has.join(', '), method)] : []),
      ...secretCheck(about).slice(0, has.length > 0 ? 0 : 1),
    ],
    notes: ownerNotes(about),
    remedies: ofOneOrMore([...useKinds(about), give], give),
  }
}

/** Removes the credential that a member of the detail names. */
function removeNamed(about: Case, member: string): Action | undefined {
  const id = textOf(about, member)
  return id === undefined ? undefined : removeCredential(about, id)
}

/** The valid credentials, for a client whose credential has ended. */
function others({ credentials, at }: Case): readonly string[] {
  const valid = credentials.filter(({ credential }) => isValid(credential, at))
  return valid.length === 0
    ? ['The client has no other valid credential.']
    : [`The client also has ${credentialsInWords(valid)}.`]
}

/** Advice on credentials that are wrong, have ended, or are not there. */
export const credentialAdvice = {
  no_such_credential: noSuchCredential,
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
      replaceCredential(about),
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
    remedies: [replaceCredential(about), list(about)],
  }),
  credential_unreadable: (about) => ({
    notes: [
      `The credential ${textOf(about, 'unreadable_credential') ?? about.credential} can not be read: ${textOf(about, 'problem') ?? 'see the detail'}.`,
    ],
    remedies: [
      replaceCredential(about),
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
} as const satisfies Readonly<Record<string, Advise>>

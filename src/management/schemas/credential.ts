import { z } from 'zod'
import { asymmetricAlgorithms } from '../../crypto/jws/algorithms.ts'
import { MOST_KEYS } from '../../crypto/jws/public-key.ts'
import { readDuration } from '../../input/duration.ts'
import { readSecret } from '../../input/secret.ts'
import { readImportedHash } from '../../model/credentials/imported-hash.ts'
import { redactText } from '../../platform/redact.ts'
import { duration, json, line, seconds, url } from './values.ts'

/** The fields of which a credential has at most one. Without any, a secret is generated. */
const credentialFields = [
  'secret',
  'secret_env',
  'secret_file',
  'secret_hash',
  'jwks',
  'jwks_uri',
  'certificate',
  'federated',
] as const

/** A JWK Set (RFC 7517 §5). The plan checks the keys themselves. */
const jwks = z.strictObject({
  keys: z.array(z.record(z.string(), json)).min(1).max(MOST_KEYS).describe('Public keys (RFC 7517 §4).'),
})

const scalar = z.union([z.string().max(1_024), z.number(), z.boolean()], {
  error: 'must be text, a number, true or false',
})

/** The tokens of an outside issuer that authenticate the client. */
export const federatedSchema = z.strictObject({
  issuer: url.describe('The `iss` of its tokens: an https URL, or `spiffe://` and a trust domain.'),
  audience: z
    .union([line(1_024), z.array(line(1_024)).min(1)], { error: 'must be text, or a list of texts' })
    .describe('The accepted audiences. The token must have at least one of them.'),
  subject: line(1_024).optional().describe('The exact `sub`.'),
  claims: z.record(line(256), scalar).optional().describe('The exact values of top-level claims.'),
  when: z.string().min(1).max(2_048).optional().describe('A condition in CEL.'),
  algorithms: z.array(z.enum(asymmetricAlgorithms)).min(1).optional().describe('The only accepted algorithms.'),
  jwks_uri: url.optional().describe("The URL of the keys, if the issuer's metadata does not name it."),
  jwks: jwks.optional().describe('The keys of an issuer that the server can not reach.'),
  max_age: seconds.optional().describe('The greatest age of a token, in seconds or as a duration such as 10m.'),
})

const certificate = z
  .strictObject({
    subject_dn: line(1_024).optional().describe('Its subject (RFC 4514).'),
    san_dns: line(256).optional().describe('A host name among its alternative names.'),
    san_uri: line(1_024).optional().describe('A URI among its alternative names.'),
    san_ip: line(64).optional().describe('An IP address among its alternative names.'),
    san_email: line(320).optional().describe('An e-mail address among its alternative names.'),
    thumbprint: line(64).optional().describe('Its SHA-256 in base64url (`x5t#S256`).'),
  })
  .refine((names) => Object.values(names).filter((value) => value !== undefined).length === 1, {
    error: 'must have exactly one of subject_dn, san_dns, san_uri, san_ip, san_email, thumbprint',
  })

/** Whether a text is the name of a variable. Any other text might be the secret itself, so nobody looks it up or shows it. */
const isVariableName = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text) && redactText(text) === text

/** A secret, checked by the same rule as secrets from other sources. */
const secret = z.string().transform((given, context) => {
  const read = readSecret(given)
  if (read.fault !== undefined) context.addIssue({ code: 'custom', message: read.fault })
  return read.secret ?? given
})

/** The hash of a secret that another server has made. */
const secretHash = z
  .string()
  .max(1_024)
  .transform((text, context) => {
    const { hash, fault } = readImportedHash(text)
    if (hash !== undefined) return hash
    context.addIssue({ code: 'custom', message: fault })
    return z.NEVER
  })

const fields = z.strictObject({
  label: line(128).default('').describe('Unique within the client. One credential may go without.'),
  secret: secret.optional().describe('The secret itself. Without any source, a secret is generated and printed once.'),
  secret_env: line(256)
    .refine(isVariableName, 'must be the name of an environment variable')
    .optional()
    .describe('The environment variable of `tessera apply` that holds the secret.'),
  secret_file: line(1_024)
    .optional()
    .describe('The file that holds the secret. Its path starts in the folder of the manifest.'),
  secret_hash: secretHash
    .optional()
    .describe(
      'The hash of the secret that another server has made: PBKDF2 as Ory Hydra writes it, or bcrypt. Our own hash replaces it when the client first presents the secret.',
    ),
  retrievable: z
    .boolean()
    .optional()
    .describe('The secret is stored encrypted instead of hashed, for `client_secret_jwt`.'),
  jwks: jwks.optional().describe('A JWK set with up to 50 public keys.'),
  jwks_uri: url.optional().describe('The URL of such a set.'),
  algorithm: z.enum(asymmetricAlgorithms).optional().describe('The only algorithm that the keys may sign with.'),
  certificate: certificate.optional().describe('One of the names of a client certificate, or its thumbprint.'),
  federated: federatedSchema.optional().describe('The tokens of an outside issuer that authenticate the client.'),
  expires: z
    .union([z.iso.datetime({ offset: true }), duration], {
      error: 'must be a time such as 2030-01-01T00:00:00Z, or a duration such as 90d',
    })
    .optional()
    .describe('A time such as 2030-01-01T00:00:00Z, or a duration such as 90d.'),
})

/** Refuses fields that exclude each other. */
function checkTogether(given: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  const refuse = (field: string, message: string) => context.addIssue({ code: 'custom', message, path: [field] })
  const [first, second] = credentialFields.filter((field) => given[field] !== undefined)
  if (first !== undefined && second !== undefined) refuse(second, `give ${first} or ${second}, not both`)
  const isSecret = first === undefined || (first.startsWith('secret') && first !== 'secret_hash')
  const isKeys = first === 'jwks' || first === 'jwks_uri'
  if (given['retrievable'] !== undefined && !isSecret) refuse('retrievable', 'is for secrets only')
  if (given['algorithm'] !== undefined && !isKeys) refuse('algorithm', 'is for jwks and jwks_uri only')
}

/** A credential in a manifest. Only a manifest can name a variable or a file of the place where it is applied. */
export const manifestCredentialSchema = fields
  .extend({ renamed_from: line(128).optional().describe('The label that the credential has had.') })
  .superRefine(checkTogether)

/** A credential: a secret that is given or generated; or keys, a certificate or a trust. */
export const newCredentialSchema = fields.omit({ secret_env: true, secret_file: true }).superRefine(checkTogether)

/** The end of a credential in milliseconds. A duration counts from its creation. @param expires as in its input */
export const expiryOf = (expires: string, createdAt: number): number => {
  const life = readDuration(expires)
  return life === undefined ? Date.parse(expires) : createdAt + life
}

export type CredentialInput = z.output<typeof manifestCredentialSchema>
export type FederatedInput = z.output<typeof federatedSchema>

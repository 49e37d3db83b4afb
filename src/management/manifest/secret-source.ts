import { dirname, isAbsolute, join } from 'node:path'
import { readSecret } from '../../input/secret.ts'
import type { CredentialInput } from '../schemas/credential.ts'
import type { ParsedManifest } from './reading/parse.ts'

/** A place that has the secret of a credential, outside of the manifest. */
export interface SecretReference {
  readonly kind: 'env' | 'file'
  /** The name of the variable; or the path of the file, from the folder in which the command runs. */
  readonly name: string
}

/** Looks up a secret. @returns undefined if there is none @throws UserError if it can't be read */
export type SecretSource = (reference: SecretReference) => string | undefined

/** No source. A plan without one leaves such credentials uncompared. */
export const noSecrets: SecretSource = () => undefined

/** The place that a credential names, if it does. A path starts in the folder of the file that names it. */
function referenceOf(
  { secret_env: variable, secret_file: path }: Pick<CredentialInput, 'secret_env' | 'secret_file'>,
  manifestFile: string,
): SecretReference | undefined {
  if (variable !== undefined) return { kind: 'env', name: variable }
  if (path === undefined) return undefined
  return { kind: 'file', name: isAbsolute(path) ? path : join(dirname(manifestFile), path) }
}

/** All places that a manifest names, with the paths of the credentials. */
export const referencesIn = ({ manifest, fileOf }: ParsedManifest) =>
  manifest.clients.flatMap(({ credentials }, index) =>
    credentials.flatMap((credential) => referenceOf(credential, fileOf(['clients', index])) ?? []),
  )

/** The text by which a request names a place: `env:BATCH_SECRET` or `file:secrets/batch`. */
export const nameOfReference = ({ kind, name }: SecretReference): string => `${kind}:${name}`

/** A secret that is not known here: the field that gives it, and the reason. */
interface UnknownSecret {
  readonly field: 'secret' | 'secret_env' | 'secret_file' | 'secret_hash'
  readonly why: string
}

/** The secret of a credential: given, looked up, or absent since it is to be generated; or unknown. */
export type GivenSecret =
  | { readonly secret: string | undefined; readonly unknown?: never }
  | { readonly secret?: never; readonly unknown: UnknownSecret }

const secretFields = ['secret', 'secret_env', 'secret_file', 'secret_hash'] as const

/** The secret of a credential, for an author who may not set it. A comparison would tell whether a guess at a secret is right. */
export function hiddenSecretOf(credential: CredentialInput): GivenSecret {
  const field = secretFields.find((name) => credential[name] !== undefined)
  return field === undefined
    ? { secret: undefined }
    : { unknown: { field, why: 'this takes the permission credentials:write' } }
}

/** @throws Error of `parsed` if the place has no usable secret */
export function secretOf(
  credential: CredentialInput,
  at: { readonly client: number; readonly credential: number },
  { parsed, source }: { readonly parsed: ParsedManifest; readonly source: SecretSource },
): GivenSecret {
  const path = ['clients', at.client, 'credentials', at.credential] as const
  const reference = referenceOf(credential, parsed.fileOf(path))
  if (reference === undefined) return { secret: credential.secret }
  const given = source(reference)
  if (given === undefined) return { unknown: { field: `secret_${reference.kind}`, why: absence(reference) } }
  const read = readSecret(given)
  if (read.secret !== undefined) return { secret: read.secret }
  throw parsed.errorAt([...path, `secret_${reference.kind}`], `the secret in ${reference.name} ${read.fault}`)
}

/** Says that a secret is missing. */
const absence = ({ kind, name }: SecretReference): string =>
  kind === 'env' ? `the environment has no ${name}` : `there is no file ${name}`

import type { FederatedTrust } from '../federation/credential.ts'
import { UserError } from '../platform/user-error.ts'
import { toTrust } from './credentials.ts'
import { federatedSchema } from './schema.ts'
import { readYaml, YamlError } from './yaml.ts'

/**
 * A federated credential in a file of its own, written as in a manifest.
 * @throws UserError naming the file and the field
 */
export function parseTrustFile(file: string, content: string): FederatedTrust {
  let given: unknown
  try {
    given = readYaml(content).value
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    throw new UserError(`${file}:${error.line}: ${error.message}`)
  }
  const parsed = federatedSchema.safeParse(given)
  if (parsed.success) return toTrust(parsed.data)
  const [issue] = parsed.error.issues
  throw new UserError(`${file}: ${issue?.path.join('.')}: ${issue?.message}`)
}

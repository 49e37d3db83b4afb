import { parseInOurWords } from '../../../input/issues.ts'
import { readYaml } from '../../../input/yaml.ts'
import type { FederatedTrust } from '../../../model/credentials/federated-trust.ts'
import { toTrust } from '../../credentials/proof.ts'
import { federatedSchema } from '../../schemas/credential.ts'
import { mistakesOf } from './document.ts'

/**
 * Parses a file with one federated credential, written as in a manifest.
 * @throws Mistakes naming the file, line and field of every mistake
 */
export function parseTrustFile(file: string, content: string): FederatedTrust {
  const document = readYaml(file, content)
  const parsed = parseInOurWords(federatedSchema, document.value ?? {})
  if (parsed.success) return toTrust(parsed.data)
  throw mistakesOf(parsed.error, (path) => ({ file, ...document.placeOf(path), path }))
}

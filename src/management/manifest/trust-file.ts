import { formatPath, inOurWords, issuesOf } from '../../input/issues.ts'
import { readYaml } from '../../input/yaml.ts'
import type { FederatedTrust } from '../../model/credentials/federated-trust.ts'
import { Mistakes } from '../../platform/user-error.ts'
import { federatedSchema } from '../schemas/credential.ts'
import { toTrust } from './credentials.ts'

/**
 * Parses a file with one federated credential, written as in a manifest.
 * @throws Mistakes naming the file, line and field of every mistake
 */
export function parseTrustFile(file: string, content: string): FederatedTrust {
  const document = readYaml(file, content)
  const parsed = federatedSchema.safeParse(document.value ?? {}, inOurWords)
  if (parsed.success) return toTrust(parsed.data)
  throw new Mistakes(
    issuesOf(parsed.error).map(({ path, message, isUnknown }) => {
      const field = path.length === 0 ? '' : `${formatPath(path)}: `
      return `${file}:${document.placeOf(path).line}: ${field}${isUnknown ? 'this version knows no such field' : message}`
    }),
  )
}

import { LONGEST_SECRET_FILE } from '../../../input/secret.ts'
import { readTextFile } from '../../../input/text-file.ts'
import { isAbsent } from '../../../platform/files.ts'
import type { SecretSource } from '../secret-source.ts'

/** The secrets in the environment of this process, and in files. @param patience as for `readFile` */
export const secretsHere =
  (env: Readonly<Record<string, string | undefined>>, patience?: number): SecretSource =>
  ({ kind, name }) => {
    if (kind === 'env') return env[name] || undefined
    if (isAbsent(name)) return undefined
    return readTextFile(name, LONGEST_SECRET_FILE, patience)
  }

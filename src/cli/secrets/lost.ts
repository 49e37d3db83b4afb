import { shellWord } from '../../platform/shell.ts'
import { codeOf } from '../../platform/system-error.ts'
import { UserError } from '../../platform/user-error.ts'
import type { SecretName } from './secret.ts'

/** The codes of a connection that broke after a request may have arrived. */
const BROKEN: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT'])

/** Whether the server may have carried out a request, although nobody has its answer. */
export const isAnswerLost = (error: unknown): error is UserError =>
  error instanceof UserError && BROKEN.has(codeOf(error.cause))

/** The error about secrets that a server has made, or may have made, and that nobody has seen. It names the remedy of each. */
export const madeUnseen = (why: string, names: readonly SecretName[]): UserError =>
  new UserError(
    `${why}. The server may have made the change, with secrets that nobody knows. See tessera credentials list, and replace each: ${names.map(remedyOf).join('; ')}`,
  )

const remedyOf = ({ client_id: client = '', credential, label }: SecretName): string => {
  const name = credential ?? label
  return `tessera credentials rotate ${shellWord(client)}${name ? ` ${shellWord(name)}` : ''}`
}

/** An answer of the admin API without its secrets. */
export const withoutSecrets = (answer: unknown): unknown =>
  JSON.parse(JSON.stringify(answer, (name, value: unknown) => (name === 'secret' ? undefined : value)))

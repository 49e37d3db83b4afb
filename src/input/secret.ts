import { UserError } from '../platform/user-error.ts'

/** The most characters of a secret. */
const LONGEST = 1_024

/** The most bytes that are read from a file or from standard input for a secret. */
export const LONGEST_SECRET_FILE = 64 * 1024

/** A secret, or the reason why a text is not one, in words that follow its name and repeat nothing of it. */
type ReadSecret =
  | { readonly secret: string; readonly fault?: never }
  | { readonly secret?: never; readonly fault: string }

/**
 * Reads a secret. One rule holds for manifests, variables, files, standard input and the terminal. One line end is dropped, because
 * files and Kubernetes Secrets end in one. RFC 6749 Appendix A.2 allows visible ASCII and spaces. Other letters are allowed,
 * because many clients send them as UTF-8; control characters are not.
 */
export function readSecret(given: string): ReadSecret {
  const secret = given.replace(/\r?\n$/, '')
  if (secret === '') return { fault: 'must not be blank' }
  if (secret.length > LONGEST) return { fault: `must have at most ${LONGEST} characters` }
  if (!secret.isWellFormed()) return { fault: 'must not have half of a character (a lone surrogate)' }
  const at = secret.search(FORBIDDEN)
  if (at === -1) return { secret }
  const found = nameOf(secret.charCodeAt(at))
  return { fault: `must be one line without control characters: character ${at + 1} is ${found}` }
}

/** Reads a secret or throws. @param name the name of its source, for the message @throws UserError */
export function takeSecret(name: string, given: string): string {
  const { secret, fault } = readSecret(given)
  if (secret === undefined) throw new UserError(`${name}: the secret ${fault}`)
  return secret
}

/** Reads a secret from an environment variable. @param from the option that names the variable @throws UserError */
export function secretOfVariable(
  from: string,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const given = env[name]
  if (given === undefined || given === '') throw new UserError(`the environment has no ${name}`)
  return takeSecret(`${from}: ${name}`, given)
}

/** C0, DEL and C1 (Unicode 16, table 2-3), the line and paragraph separators, and the byte order mark. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const FORBIDDEN = /[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]/

const NAMES: Readonly<Record<number, string>> = {
  9: 'a tab',
  10: 'a line end',
  13: 'a line end',
  65279: 'a byte order mark',
}

const nameOf = (code: number): string => NAMES[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`

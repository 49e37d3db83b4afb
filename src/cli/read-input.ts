import { decodeInput, readTextFile } from '../input/text-file.ts'
import { tooLong } from '../platform/files.ts'
import { codeOf } from '../platform/system-error.ts'
import { UserError } from '../platform/user-error.ts'

/** The limit for a token on standard input, in bytes. No request can carry a longer one. */
export const LONGEST_TOKEN_INPUT = 1024 * 1024

/** The name of standard input in messages. */
export const STANDARD_INPUT = 'standard input'

/** The name of an input in messages. */
export const nameOfInput = (file: string): string => (file === '-' ? STANDARD_INPUT : file || '""')

/**
 * Reads the text of a file, or of standard input if the file is `-`.
 * @param most bytes
 * @throws UserError naming the file
 */
export async function readTextInput(file: string, most: number, decode = decodeInput): Promise<string> {
  return file === '-' ? readStandardInput(most, decode) : readTextFile(file, most, undefined, decode)
}

/** Reads standard input to its end. @param most bytes @throws UserError */
export async function readStandardInput(most: number, decode = decodeInput): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of process.stdin) {
      const bytes = Buffer.from(chunk)
      length += bytes.length
      if (length > most) throw new UserError(`${STANDARD_INPUT} can't be read: ${tooLong(most)}`)
      chunks.push(bytes)
    }
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    throw new UserError(`${STANDARD_INPUT} can't be read`, { cause: error })
  }
  return decode(STANDARD_INPUT, Buffer.concat(chunks))
}

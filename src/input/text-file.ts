import { decodePem, decodeText, readFile } from '../platform/files.ts'
import { UserError } from '../platform/user-error.ts'

/** Reads the text of a file. @param most bytes @param patience as for `readFile` @throws UserError naming the file */
export function readTextFile(file: string, most: number, patience?: number, decode = decodeInput): string {
  const { bytes, fault } = readFile(file, most, patience)
  if (bytes === undefined) throw new UserError(`${file || '""'} can't be read: ${fault}`)
  return decode(file, bytes)
}

/** Decodes an input. @param name its name in messages @throws UserError if it is not UTF-8 */
export function decodeInput(name: string, bytes: Buffer): string {
  const text = decodeText(bytes)
  if (text === undefined) throw new UserError(`${name} is not text in UTF-8`)
  return text
}

/** Decodes an input that may be PEM. @param name its name in messages @throws UserError if it is neither that nor UTF-8 */
export const decodePemInput: typeof decodeInput = (name, bytes) => decodePem(bytes) ?? decodeInput(name, bytes)

import { decodeText, readFile } from '../platform/files.ts'
import { UserError } from '../platform/user-error.ts'

/** Reads the text of a file. @param most bytes @param patience as for `readFile` @throws UserError naming the file */
export function readTextFile(file: string, most: number, patience?: number): string {
  const { bytes, fault } = readFile(file, most, patience)
  if (bytes === undefined) throw new UserError(`${file || '""'} can't be read: ${fault}`)
  return decodeInput(file, bytes)
}

/** Decodes an input. @param name its name in messages @throws UserError if it is not UTF-8 */
export function decodeInput(name: string, bytes: Buffer): string {
  const text = decodeText(bytes)
  if (text === undefined) throw new UserError(`${name} is not text in UTF-8`)
  return text
}

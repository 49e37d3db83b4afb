import { statSync } from 'node:fs'
import { LONGEST_SECRET_FILE, readSecret } from '../input/secret.ts'
import { decodePem, decodeText, LONGEST_FILE, readFile, SERVER_PATIENCE_MS } from '../platform/files.ts'
import { problem } from './problem.ts'

/** Reads a file that an option names. @throws ConfigError */
function readBytes(setting: string, file: string, most: number): Buffer {
  const { bytes, fault } = readFile(file, most, SERVER_PATIENCE_MS)
  if (bytes === undefined) throw problem(setting, file, `can't be read: ${fault}`)
  return bytes
}

/**
 * Reads a PEM file (RFC 7468).
 * @param convert the command that turns the binary form into PEM
 * @throws ConfigError
 */
export function readPemFile(setting: string, file: string, convert: string): string {
  const bytes = readBytes(setting, file, LONGEST_FILE)
  const text = decodePem(bytes)
  if (text?.trim() === '') throw problem(setting, file, 'is empty')
  // DER begins with the tag of a SEQUENCE (X.690 §8.9). Text never does.
  if (text === undefined || bytes[0] === 0x30)
    throw problem(setting, file, `is binary, not PEM: convert it with \`${convert}\``)
  return text
}

/** Reads a secret from a file that others can't read. @throws ConfigError */
export function readSecretFile(setting: string, file: string): string {
  const text = decodeText(readBytes(setting, file, LONGEST_SECRET_FILE))
  refuseOpenFile(setting, file)
  if (text === undefined) throw problem(setting, file, 'must be text in UTF-8')
  const { secret, fault } = readSecret(text)
  if (secret === undefined) throw problem(setting, file, text.trim() === '' ? 'is empty' : `its content ${fault}`)
  return secret
}

/**
 * Refuses a secret file that anybody but its owner can read or change. The group may read it, as for mounted secrets.
 * @throws ConfigError
 */
export function refuseOpenFile(setting: string, file: string): void {
  if (process.platform === 'win32') return
  const status = statSync(file)
  // A pipe can be read only once, so others can't read it later.
  if (!status.isFile() || (status.mode & 0o037) === 0) return
  throw problem(setting, file, 'others can read or change it: chmod 600 (or 640 for a group of its own)')
}

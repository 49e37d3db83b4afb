import type { IncomingHttpHeaders } from 'node:http'
import { InvalidParameters } from '../operations/input.ts'
import type { Precondition } from '../operations/precondition.ts'

/** The most entity tags of a condition. */
const MOST_TAGS = 20
const TAG = /^"[\x21\x23-\x7e]*"$/

/**
 * The condition of a request (RFC 9110 §13.1.1, §13.1.2). A weak tag never matches, since a change needs a strong comparison.
 * @throws InvalidParameters
 */
export function readPrecondition({ 'if-match': match, 'if-none-match': noneMatch }: IncomingHttpHeaders): Precondition {
  if (match !== undefined && noneMatch !== undefined)
    throw malformed('If-Match', 'and If-None-Match exclude each other')
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return { kind: 'if absent' }
    throw malformed('If-None-Match', 'must be * for a change')
  }
  if (match === undefined) return { kind: 'none' }
  if (match.trim() === '*') return { kind: 'if present' }
  return { kind: 'if match', tags: readTags('If-Match', match) }
}

/** Whether a reader has this state already (RFC 9110 §13.1.2). */
export function isKnown({ 'if-none-match': noneMatch }: IncomingHttpHeaders, tag: string): boolean {
  if (noneMatch === undefined) return false
  return noneMatch.trim() === '*' || readTags('If-None-Match', noneMatch).includes(tag)
}

/** The strong tags of a list. */
function readTags(name: string, text: string): readonly string[] {
  const tags = text.split(',', MOST_TAGS + 1).map((tag) => tag.trim())
  if (tags.length > MOST_TAGS) throw malformed(name, `has over ${MOST_TAGS} tags`)
  const wrong = tags.some((tag) => !TAG.test(tag.replace(/^W\//, '')))
  if (wrong) throw malformed(name, 'must be an ETag in quotes, or *')
  return tags.filter((tag) => !tag.startsWith('W/'))
}

const malformed = (parameter: string, detail: string) => new InvalidParameters([{ parameter, detail }])

import { z } from 'zod'
import { type Alias, endpointAddresses, endpointNames } from '../oauth/endpoints.ts'
import type { MistakeList } from '../platform/user-error.ts'
import { problem } from './problem.ts'

/** Segments of characters that no client and no proxy writes in two ways (RFC 3986 §2.3). None of them is `.` or `..`. */
const PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+\/?$/
/** Characters. */
const LONGEST_PATH = 256
const MOST_ALIASES = 64

const PATH_FORM = `a path of letters, digits and - . _ ~ between single slashes, of at most ${LONGEST_PATH} characters`

const isPath = (text: string): boolean => text.length <= LONGEST_PATH && PATH.test(text)

/** Whether a value is an issuer identifier (RFC 8414 §2). Its path may be `/`, and may end in a slash, which is a part of it. */
export function isIssuer(value: string): boolean {
  const url = URL.parse(value)
  if (url?.protocol !== 'https:' || !value.startsWith(url.origin)) return false
  const path = value.slice(url.origin.length)
  return path === '' || path === '/' || isPath(path)
}

export const ISSUER_FORM = `must be https:// and a host, perhaps with ${PATH_FORM}, for example https://auth.example.com or https://auth.example.com/realms/demo`

const alias = z.preprocess(
  // In a variable or a flag, an entry is one text.
  (value) => {
    const [, path, to] = typeof value === 'string' ? (/^([^=]*)=(.*)$/s.exec(value) ?? []) : []
    return path === undefined ? value : { path, to }
  },
  z.strictObject(
    { path: z.string().refine(isPath, `must be ${PATH_FORM}, such as /oauth2/token`), to: z.enum(endpointNames) },
    'must be path and to, or path=to',
  ),
)

/** The list of aliases. In a variable or a flag it is `/oauth2/token=token,/oauth2/revoke=revocation`. */
export const aliasesSchema = z
  .preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value),
    z.array(alias).max(MOST_ALIASES),
  )
  .default([])

/** Notes each alias that has the path of an endpoint of the issuer, or of an alias before it. */
export function checkAliases(issuer: string, aliases: readonly Alias[], mistakes: MistakeList): void {
  const { paths } = endpointAddresses(issuer, [])
  for (const [index, { path }] of aliases.entries()) {
    const endpoint = paths.get(path)
    const earlier = aliases.findIndex((one) => one.path === path)
    const setting = `aliases entry ${index + 1}, path`
    if (endpoint !== undefined)
      mistakes.note(problem(setting, path, `is an address of ${endpoint} anyway: remove the entry`))
    else if (earlier < index)
      mistakes.note(problem(setting, path, `entry ${earlier + 1} has the same path: remove one of them`))
  }
}

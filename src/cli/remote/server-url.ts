import { isLoopback } from '../../platform/loopback.ts'
import { UsageError } from '../../platform/user-error.ts'

/**
 * The origin of a server. Tokens go only there. Plain HTTP is for this machine alone, since others could read them on the way.
 * @param option where the address was given
 * @throws UsageError
 */
export function originOf(address: string, option: string): string {
  const url = URL.parse(address)
  const isPlain = url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, ''))
  if (url === null || (url.protocol !== 'https:' && !isPlain))
    throw new UsageError(`${option} must be an address such as https://tessera.example.com:9999`)
  if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new UsageError(`${option} must be a scheme, a host and a port, and nothing else`)
  return url.origin
}

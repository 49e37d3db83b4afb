import { isIPv4 } from 'node:net'

/** Whether a name or address is of this machine alone. A name that only begins like such an address may lead anywhere. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))

import { isIPv4 } from 'node:net'

/** Whether a name or address leads only to this machine. A name such as `127.0.0.1.example.com` may lead anywhere. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))

import { createPrivateKey, sign } from 'node:crypto'
import type { SignedValue } from './order.ts'

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Makes JWTs of equal length that differ only in `jti` and time. The time is in seconds. */
export function signedValue({
  privateKey,
  header,
  claims,
  lifetime,
}: SignedValue): (jti: string, now: number) => string {
  const key = { key: createPrivateKey(privateKey), dsaEncoding: 'ieee-p1363' } as const
  const encodedHeader = encode(header)
  return (jti, now) => {
    const times = lifetime === undefined ? { iat: now } : { iat: now, exp: now + lifetime }
    const input = `${encodedHeader}.${encode({ ...claims, ...times, jti })}`
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
  }
}

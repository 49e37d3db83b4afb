import type { Endpoint } from '../../http/message.ts'
import type { BundledFile } from './bundle.ts'

/** The name has a hash of the content, so a browser never asks for it twice (RFC 8246 §2). */
const FOREVER = 'public, max-age=31536000, immutable'
/** The name stays the same when the content changes. */
const ASK_AGAIN = 'public, no-cache'

/** Serves a file of the bundle. Everybody may have it: it is the same on every server. */
export const serveFile =
  ({ type, bytes, brotli, etag, isHashed }: BundledFile): Endpoint =>
  ({ headers }) => {
    const compressed = acceptsBrotli(headers['accept-encoding']) ? brotli : undefined
    // A strong validator names one encoding (RFC 9110 §8.8.3.3).
    const tag = compressed === undefined ? `"${etag}"` : `"${etag}-br"`
    const shared = {
      ETag: tag,
      'Cache-Control': isHashed ? FOREVER : ASK_AGAIN,
      Vary: 'Accept-Encoding',
      'X-Content-Type-Options': 'nosniff',
    }
    if (headers['if-none-match'] === tag) return { status: 304, headers: shared, body: '' }
    return {
      status: 200,
      headers: { ...shared, 'Content-Type': type, ...(compressed && { 'Content-Encoding': 'br' }) },
      body: compressed ?? bytes,
    }
  }

/** Whether a client takes Brotli (RFC 9110 §12.5.3). A weight of 0 refuses it. */
const acceptsBrotli = (header: string | string[] | undefined): boolean =>
  String(header ?? '')
    .split(',')
    .some((one) => {
      const [coding = '', weight = ''] = one.split(';').map((part) => part.trim().toLowerCase())
      return coding === 'br' && !/^q=0(?:\.0*)?$/.test(weight)
    })

import { decodeBase64url } from '../../platform/base64url.ts'

const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'
const BASE64 = /^([A-Za-z0-9+/]+)={0,2}$/

/** Decodes base64 without whitespace, with or without padding. Undefined if it is invalid or has unused bits that are set. */
export function decodeBase64(text: string): Buffer | undefined {
  const [, digits] = BASE64.exec(text) ?? []
  return digits === undefined ? undefined : decodeBase64url(digits.replaceAll('+', '-').replaceAll('/', '_'))
}

/** The DER of each certificate in PEM (RFC 7468 §5), undefined for a malformed one, and the text outside of them. */
export function readPem(text: string): { certificates: readonly (Buffer | undefined)[]; outside: string } {
  const certificates: (Buffer | undefined)[] = []
  let outside = ''
  let at = 0
  for (;;) {
    const begin = text.indexOf(BEGIN, at)
    if (begin === -1) return { certificates, outside: outside + text.slice(at) }
    const end = text.indexOf(END, begin)
    if (end === -1) return { certificates: [...certificates, undefined], outside }
    certificates.push(decodeBase64(text.slice(begin + BEGIN.length, end).replace(/\s+/g, '')))
    outside += text.slice(at, begin)
    at = end + END.length
  }
}

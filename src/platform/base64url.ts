/**
 * The bytes that text in base64url without padding stands for; undefined for any other text. Bits that mean nothing must be
 * zero, so that bytes have one spelling (RFC 7515 §2, RFC 4648 §3.5).
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

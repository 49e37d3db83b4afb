import { expect } from 'vitest'

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/
const ENDING = new RegExp(` \\(request (${ID.source})\\)"`)

/**
 * The body of a refusal without its request id, in which alone equal answers differ.
 * @param requestId the `X-Request-Id` of the answer, which the body must repeat
 */
export function withoutRequestId(body: string, requestId: string | null | undefined): string {
  const [ending = '', id] = ENDING.exec(body) ?? []
  expect(id).toBe(requestId)
  return body.replace(ending, '"')
}

/** The body of every failed authentication, without its request id. */
export const UNAUTHENTICATED = '{"error":"invalid_client","error_description":"Invalid client or client credentials"}'
/** The bytes that a request id adds to a body. */
const ID_BYTES = ' (request )'.length + 36
/** The `Content-Length` of every failed authentication. */
export const UNAUTHENTICATED_LENGTH = String(UNAUTHENTICATED.length + ID_BYTES)

/** Matches the `error_description` with this text and a request id. */
export const described = (text: string): unknown =>
  expect.stringMatching(new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')} \\(request ${ID.source}\\)$`))

import type { HttpResponse } from '../../http/message.ts'

/** An answer over HTTP, and the body of a later repetition, without the secrets that are shown only once. */
export interface OnceResponse extends HttpResponse {
  readonly body: string
  readonly repeated?: string
}

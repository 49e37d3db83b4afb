import type { HttpRequest, HttpResponse, Routes } from '../http/message.ts'

/** Any page may read the document. The request carries no cookie or credential (Fetch Standard §3.3.3). */
const FOR_ALL_ORIGINS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'ETag' }

/** Seconds: no browser keeps the answer for longer. */
const PREFLIGHT_MAX_AGE = '86400'

/** The preflight of a browser before a request with custom headers, such as `If-None-Match`. */
const PREFLIGHT: HttpResponse = {
  status: 204,
  headers: {
    ...FOR_ALL_ORIGINS,
    'Access-Control-Allow-Methods': 'GET, HEAD',
    'Access-Control-Allow-Headers': '*',
    'Access-Control-Max-Age': PREFLIGHT_MAX_AGE,
  },
  body: '',
}

/**
 * Serves a public document, which pages in browsers may read, too. The endpoints at which clients authenticate stay closed to
 * pages, since a page can't keep a secret.
 */
export const publicDocument = (answer: (request: HttpRequest) => HttpResponse): Routes[string] => ({
  GET: (request) => {
    const response = answer(request)
    return { ...response, headers: { ...response.headers, ...FOR_ALL_ORIGINS } }
  },
  OPTIONS: () => PREFLIGHT,
})

import type { HttpRequest, HttpResponse, Routes } from '../http/message.ts'

/** Any page may read it, and no cookie or credential goes with the request (Fetch Standard §3.3.3). */
const FOR_ALL_ORIGINS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'ETag' }

/** Seconds: no browser keeps the answer for longer. */
const PREFLIGHT_MAX_AGE = '86400'

/** What a browser asks before a request with headers of the page's own, such as `If-None-Match`. */
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
 * Serves a document that is everybody's, so that pages in browsers may read it, too. The endpoints at which clients
 * authenticate stay closed to pages: a page can't keep a secret.
 */
export const publicDocument = (answer: (request: HttpRequest) => HttpResponse): Routes[string] => ({
  GET: (request) => {
    const response = answer(request)
    return { ...response, headers: { ...response.headers, ...FOR_ALL_ORIGINS } }
  },
  OPTIONS: () => PREFLIGHT,
})

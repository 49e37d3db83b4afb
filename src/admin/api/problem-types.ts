/** A kind of problem (RFC 9457 §3.1). */
interface ProblemType {
  readonly status: number
  readonly title: string
  /** The meaning and the remedy, for the page that its `type` opens. */
  readonly page: string
}

/** Every kind of problem of the admin API, by the last part of its `type`. */
export const problemTypes = {
  'malformed-request': {
    status: 400,
    title: 'The request is not well-formed',
    page: 'A header, the query or the body can not be read. The member errors names the parameter, if it is one.',
  },
  'not-authenticated': {
    status: 401,
    title: 'The request has no valid authentication',
    page: 'Send an access token for the audience urn:tessera:admin as a Bearer token, or sign in. An unknown, expired or revoked token is refused without a reason. The audit log has the reason, under the request id.',
  },
  'not-allowed': {
    status: 403,
    title: 'You may not do this',
    page: 'The detail names the missing permission. Nobody can give a right that he lacks: the resulting client, API, group or account is checked, not the change.',
  },
  'not-found': {
    status: 404,
    title: 'There is no such thing',
    page: 'It does not exist, or you may not see it.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The path does not answer this method',
    page: 'The header Allow lists the methods of the path.',
  },
  conflict: {
    status: 409,
    title: 'The change does not fit the present state',
    page: 'The detail says what stands in its way. For an Idempotency-Key, the first request with the key is still under way, or its outcome is not known.',
  },
  'owned-by-manifest': {
    status: 409,
    title: 'A manifest owns it',
    page: 'The settings of the client or API come from a file. Change them there, or send take_over=true in the query: it then belongs to no manifest. Nobody takes over a thing that the files of a server keep. Disabling, enabling, revocations and changes of credentials are never refused for this reason.',
  },
  'outdated-plan': {
    status: 409,
    title: 'The plan would do something else by now',
    page: 'Clients or APIs have changed since the plan was made. Make a new plan with POST /plans, and look at it before you apply it.',
  },
  stale: {
    status: 412,
    title: 'The state has changed since you read it',
    page: 'The member present has the present state, and the header ETag its tag. Repeat your change on it, with the new tag in If-Match.',
  },
  'too-large': { status: 413, title: 'The body is too large', page: 'A body has at most 1 MiB.' },
  'unsupported-content': {
    status: 415,
    title: 'The content type is not supported',
    page: 'Send application/json, or application/merge-patch+json to PATCH.',
  },
  'invalid-fields': {
    status: 422,
    title: 'Some fields are wrong',
    page: 'The member errors has a JSON pointer (RFC 6901) to each wrong field, and says what is wrong with it.',
  },
  'precondition-required': {
    status: 428,
    title: 'The change needs If-Match',
    page: 'Read the state first, and send its ETag in If-Match. So nobody overwrites a change that he has not seen.',
  },
  'too-many-requests': {
    status: 429,
    title: 'There are too many attempts',
    page: 'Wait for the seconds of Retry-After.',
  },
  'server-error': {
    status: 500,
    title: 'The server has failed',
    page: 'This is a defect. The log has its cause, under the request id.',
  },
  unavailable: {
    status: 503,
    title: 'The server can not answer now',
    page: 'The database, or another part on which the answer depends, is not available. Try again after Retry-After.',
  },
} as const satisfies Record<string, ProblemType>

export type ProblemName = keyof typeof problemTypes

export const problemNames = Object.keys(problemTypes).filter((name): name is ProblemName =>
  Object.hasOwn(problemTypes, name),
)

/** The path of the page about a kind of problem. A relative `type` is resolved against the address of the request (RFC 9457 §3.1.1). */
export const pageOf = (name: ProblemName): string => `/api/v1/problems/${name}`

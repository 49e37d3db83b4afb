import { type RefusalTable, refusing } from '../oauth/refusal.ts'

export const policyRefusals = {
  scope_not_allowed: {
    error: 'invalid_scope',
    status: 400,
    description: 'The requested scope(s) must be blank or a subset of the provided scopes.',
    meaning: 'The client requested a scope that it was not given.',
  },
  no_scope: {
    error: 'invalid_scope',
    status: 400,
    description: 'The client has no scope to be granted',
    meaning: 'The client was given no scope at any API, or only scopes that it must request by name.',
  },
  unknown_target: {
    error: 'invalid_target',
    status: 400,
    description: 'resource or audience names no API that this client may use',
    meaning:
      'The value is not an absolute URI without a fragment, or is not the audience of an API at which the client has a scope.',
  },
  too_many_targets: {
    error: 'invalid_target',
    status: 400,
    description: 'A token is for at most 10 APIs: ask for several tokens',
    meaning: 'The request has over 10 values of resource and audience, or scopes of over 10 APIs.',
  },
  ambiguous_target: {
    error: 'invalid_target',
    status: 400,
    description: 'The request fits several APIs: name one with resource',
    meaning:
      'The request has no resource, and the requested scopes (or all scopes of the client) belong to more than one API.',
  },
  scope_of_other_target: {
    error: 'invalid_target',
    status: 400,
    description: 'A scope is not granted at every API that knows it: send a request for each API, with resource',
    meaning:
      'The token would have several audiences. One of them would read a scope that the client was granted only at another (RFC 8707 §2).',
  },
} as const satisfies RefusalTable

export const refusal = refusing(policyRefusals)

import type { Api } from '../../../model/api.ts'
import { nearest } from '../../../platform/nearest.ts'
import { accessOf } from '../../../policy/scopes.ts'
import { changeClient, giveScopes } from './actions.ts'
import type { Advice, Remedy } from './advice.ts'
import {
  type Advise,
  always,
  apiEntry,
  type Case,
  clientEntry,
  command,
  failed,
  readable,
  request,
  textOf,
  textsOf,
} from './case.ts'

/** Names in one text of an explanation. */
const MOST_NAMED = 20

const listed = (names: readonly string[]): string => {
  const more = names.length > MOST_NAMED ? [`and ${names.length - MOST_NAMED} more`] : []
  return [...names.slice(0, MOST_NAMED), ...more].join(', ') || '(none)'
}

/** A text in a list of YAML. */
const yaml = (text: string): string => JSON.stringify(text)

const grantLine = (api: string, scopes: readonly string[]): string =>
  `grants: [{ api: ${yaml(api)}, scopes: [${scopes.map(yaml).join(', ')}] }]`

/** The APIs at which the client may be granted something, and the scopes there. */
function accessInWords(about: Case): readonly { readonly api: Api; readonly scopes: readonly string[] }[] {
  const client = readable(about)
  if (client === undefined) return []
  const accessTo = accessOf(client, about.apis)
  return about.apis.all
    .filter((api) => accessTo(api).isPossible)
    .map((api) => ({
      api,
      scopes: api.scopes.map(({ name }) => name).filter((name) => accessTo(api).granted(name).length > 0),
    }))
}

/** The scopes of every API, for a comparison with a misspelt one. */
const allScopes = ({ apis }: Case): readonly string[] => apis.all.flatMap((api) => api.scopes.map(({ name }) => name))

function scopeAdvice(about: Case): Advice {
  const refused = textsOf(about, 'refused')
  const has = accessInWords(about)
  const own = has.flatMap(({ scopes }) => scopes)
  const notes = refused.flatMap((scope) => whereIs(scope, about))
  const meant = refused.flatMap((sent) => {
    const [found] = [nearest(sent, own), nearest(sent, allScopes(about))].filter((one) => one !== undefined)
    return found === undefined || found === sent ? [] : [{ sent, meant: found }]
  })
  const grants = refused.flatMap((scope) =>
    about.apis
      .withScope(scope)
      .slice(0, 3)
      .map((api) =>
        clientEntry(
          `Grant the client ${scope} at this API`,
          grantLine(api.audience, [scope]),
          giveScopes(about, api.audience, [scope]),
        ),
      ),
  )
  const [first = clientEntry('Grant the client the scope', grantLine('<audience>', ['<scope>'])), ...others] = grants
  const separated = refused.some((scope) => /[,;]/.test(scope))
    ? [request('Separate the scopes by spaces (RFC 6749 §3.3)', `scope=${refused.join(' ').replaceAll(/[,;]+/g, ' ')}`)]
    : []
  return {
    checks: [
      failed(
        'scope',
        has.map(({ api, scopes }) => `${listed(scopes)} at ${api.audience}`).join('; ') || '(none)',
        listed(refused),
      ),
    ],
    notes,
    meant,
    remedies: [first, ...others.slice(0, MOST_NAMED), ...separated],
  }
}

function whereIs(scope: string, { apis }: Case): readonly string[] {
  const owners = apis.withScope(scope).map(({ audience }) => audience)
  if (owners.length === 0) return [`No API has the scope ${scope}.`]
  return [`The scope ${scope} is one of ${listed(owners)}, and the client was not given it there.`]
}

function targetAdvice(about: Case): Advice {
  const target = textOf(about, 'target') ?? '<audience>'
  const may = accessInWords(about).map(({ api }) => api.audience)
  const api = about.apis.get(target)
  const found = nearest(target, may.length > 0 ? may : about.apis.all.map(({ audience }) => audience))
  const scopes = api?.scopes.slice(0, 1).map(({ name }) => name) ?? ['<scope>']
  const isNew = api === undefined && about.record !== undefined
  return {
    checks: [failed('resource', listed(may), target)],
    notes: isNew
      ? [`There is no API with the audience ${target}.`]
      : api === undefined
        ? []
        : [`The API exists, and the client has no scope there.`],
    meant: api === undefined && found !== undefined && found !== target ? [{ sent: target, meant: found }] : [],
    remedies: [
      api === undefined
        ? request('Name an API that the client may use', `resource=${may[0] ?? '<audience>'}`)
        : clientEntry(
            'Grant the client a scope at this API',
            grantLine(api.audience, scopes),
            giveScopes(about, api.audience, scopes),
          ),
    ],
  }
}

/** A default is given by a button only if there is no choice. */
function defaultScopes(about: Case, onRequest: readonly string[]): Remedy {
  const [only] = onRequest.length === 1 ? onRequest : []
  return clientEntry(
    'Give the client a scope that needs no name',
    `default_scopes: [${only === undefined ? '<scope>' : yaml(only)}]`,
    only === undefined ? undefined : changeClient(about, { default_scopes: [only] }),
  )
}

/** Advice on requests for access that the client does not get, and on tokens. */
export const accessAdvice = {
  scope_not_allowed: scopeAdvice,
  malformed_scope: always(request('Separate the scopes by single spaces (RFC 6749 §3.3)', 'scope=read write')),
  no_scope: (about) => {
    const onRequest = accessInWords(about).flatMap(({ scopes }) => scopes)
    return {
      notes: onRequest.length > 0 ? [`The client must name each scope that it wants: ${listed(onRequest)}.`] : [],
      remedies: [
        request('Name the scopes in the request', `scope=${onRequest.join(' ') || '<scope>'}`),
        defaultScopes(about, onRequest),
      ],
    }
  },
  unknown_target: targetAdvice,
  too_many_targets: always(request('Ask for one token for each group of at most 10 APIs', 'resource=<audience>')),
  ambiguous_target: (about) => {
    const [first = '<audience>'] = textsOf(about, 'candidates')
    return {
      notes:
        textsOf(about, 'candidates').length > 0 ? [`The request fits ${listed(textsOf(about, 'candidates'))}.`] : [],
      remedies: [
        request('Name the API', `resource=${first}`),
        clientEntry(
          'Set the API for a client that can not send resource',
          `default_api: ${yaml(first)}`,
          first.startsWith('<') ? undefined : changeClient(about, { default_api: first }),
        ),
      ],
    }
  },
  scope_of_other_target: (about) => {
    const scope = textOf(about, 'scope') ?? '<scope>'
    const without = textOf(about, 'not_granted_at') ?? '<audience>'
    return {
      checks: [
        failed(`scope ${scope}`, `granted at ${without}`, `granted at ${listed(textsOf(about, 'granted_at'))} only`),
      ],
      remedies: [
        request('Send a request for each API', `resource=${textsOf(about, 'granted_at')[0] ?? '<audience>'}`),
        clientEntry(
          'Grant the scope at the other API, too',
          grantLine(without, [scope]),
          giveScopes(about, without, [scope]),
        ),
      ],
    }
  },
  token_too_large: always(
    request('Ask for fewer scopes', 'scope=<scope>'),
    apiEntry('Drop claims that the API does not need', 'token: { claims: {} }'),
  ),
  incompatible_targets: always(
    request('Ask for one token for each API', 'resource=<audience>'),
    apiEntry('Give the APIs the same settings, which the detail compares', 'token: { format: jwt, algorithm: ES256 }'),
  ),
  introspection_not_allowed: (about) => ({
    checks: [failed('introspects', 'the audience of the token, or all', '(none)')],
    remedies: [
      clientEntry(
        `Let ${about.client} introspect the tokens of an API`,
        `introspects: [${yaml(about.apis.all[0]?.audience ?? '<audience>')}]`,
      ),
    ],
  }),
  token_missing: always(request('Send the token in the body', 'token=<token>')),
  token_not_valid: always(command('See why the token is not valid', 'tessera introspect < token-file')),
} as const satisfies Readonly<Record<string, Advise>>

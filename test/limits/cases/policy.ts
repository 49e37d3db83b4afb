import type { Api } from '../../../src/model/api.ts'
import { ApiSet } from '../../../src/model/api-set.ts'
import { Audience, ClientId } from '../../../src/oauth/ids.ts'
import { AccessDecisions, type RequestedAccess } from '../../../src/policy/entitlement.ts'
import { TokenProfiles } from '../../../src/tokens/profile.ts'
import { clientWith } from '../../harness/client-record.ts'
import { cases } from './case.ts'

const audienceOf = (index: number): string => `https://api-${index}.example.com`
const api = (index: number, scopes: readonly string[], token: Api['token'] = {}): Api => ({
  audience: Audience(audienceOf(index)),
  name: undefined,
  scopes: scopes.map((name) => ({ name, common: true })),
  token,
  require: undefined,
  manifest: undefined,
})
const times = <One>(count: number, make: (index: number) => One): readonly One[] =>
  Array.from({ length: count }, (_, index) => make(index))

const client = clientWith({ id: ClientId('a') })

/** Fifty APIs with fifty scopes each. The client may have all of them. */
const different = new ApiSet(
  times(50, (index) =>
    api(
      index,
      times(50, (scope) => `s${index}:${scope}`),
    ),
  ),
)
const dynamic = new ApiSet(
  times(50, (index) =>
    api(
      index,
      times(50, (scope) => `s${index}:${scope}:*`),
    ),
  ),
)
/** APIs that all have the same scopes. */
const alike = new ApiSet(times(10, (index) => api(index, ['a:*'])))

const names = (make: (index: number) => string): readonly string[] => times(500, make)
const targets = times(10, audienceOf)

export const policyCases = [
  ...cases(
    'decide',
    ({ wanted, apis }: { wanted: RequestedAccess; apis: ApiSet }) =>
      new AccessDecisions().decide({ ...client }, wanted, apis),
    {
      'unknown scopes': {
        wanted: { scope: names((index) => `${'x'.repeat(100)}${index}`), targets: [] },
        apis: dynamic,
      },
      'values of dynamic scopes': {
        wanted: { scope: names((index) => `s${index % 50}:1:${index}`), targets: [] },
        apis: dynamic,
      },
      'values of dynamic scopes, at ten APIs': {
        wanted: { scope: names((index) => `s${index % 10}:1:${index}`), targets },
        apis: dynamic,
      },
      'scopes of APIs': {
        wanted: { scope: names((index) => `s${index % 50}:${index % 49}`), targets: [] },
        apis: different,
      },
      'scopes of all APIs': { wanted: { scope: names((index) => `a:${index}`), targets: [] }, apis: alike },
      'scopes of all APIs, at all of them': {
        wanted: { scope: names((index) => `a:${index}`), targets },
        apis: alike,
      },
      'no scopes, at ten APIs': { wanted: { scope: undefined, targets }, apis: different },
    },
  ),
  ...cases('TokenProfiles.shared', (apis: readonly Api[]) => new TokenProfiles().shared(apis, 60), {
    'ten of them, with the maximum number of claims': times(20, (index) =>
      api(index, [], { claims: Object.fromEntries(times(500, (claim) => [`c${claim}`, 1])) }),
    ),
  }),
]

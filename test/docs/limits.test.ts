import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const rows = readFileSync('docs/reference/limits.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))

/** The value of a constant of a file, whose expression has numbers and products of them alone. */
function numberIn(path: string, name: string): number {
  const [, expression] =
    new RegExp(`^(?:export )?const ${name} = ([\\d_ *]+)$`, 'm').exec(readFileSync(`src/${path}`, 'utf8')) ?? []
  if (expression === undefined) throw new Error(`src/${path} has no number ${name}`)
  return expression
    .replaceAll('_', '')
    .split('*')
    .reduce((product, factor) => product * Number(factor), 1)
}

const plain = (value: number): string => value.toLocaleString('en')
const kibibytes = (value: number): string => `${value / 1024} KiB`
const seconds = (value: number): string => `${value / 1000} s`

/** Each constant, the beginning of its row, and the way in which the row writes its value. */
const CONSTANTS: readonly (readonly [string, string, string, ((value: number) => string)?])[] = [
  ['http/form.ts', 'MOST_PARAMETERS', 'parameters of a form'],
  ['http/body.ts', 'MOST_PIECES', 'a body'],
  ['http/proxies.ts', 'MOST_PROXIES', '`X-Forwarded-For`'],
  ['http/forwarded.ts', 'LONGEST_NODE', '`X-Forwarded-For`'],
  ['http/client-certificate/forwarded-client-cert.ts', 'MOST_PAIRS', 'the header of a proxy'],
  ['http/client-certificate/headers.ts', 'LONGEST_HEADER', 'the header of a proxy', kibibytes],
  ['oauth/scope.ts', 'MOST_SCOPES', '`scope`'],
  ['oauth/scope.ts', 'LONGEST_SCOPE', '`scope`'],
  ['policy/resources.ts', 'MOST_TARGETS', '`resource` and `audience`'],
  ['client-auth/secrets/verifier.ts', 'LONGEST_SECRET', 'a secret'],
  ['tokens/claims.ts', 'LONGEST_TOKEN', 'a token to introspect'],
  ['endpoints/introspect.ts', 'MOST_RANGES', '`Accept`'],
  ['endpoints/keys.ts', 'MOST_TAGS', '`Accept`'],
  ['administrators/accounts/passwords.ts', 'MOST_BYTES', 'a password of an administrator'],
  ['administrators/accounts/second-factor.ts', 'LONGEST_CODE', 'a name, a code'],
  ['administrators/sessions/device.ts', 'MOST_WAITING_CODES', 'requests of command lines'],
  ['administrators/sessions/device.ts', 'MOST_FROM_NETWORK', 'requests of command lines'],
  ['administrators/sessions/begin.ts', 'MOST_SESSIONS', 'sessions of an administrator'],
  ['administrators/sign-on/claims.ts', 'MOST_VALUES', 'claims of single sign-on'],
  ['audit/query.ts', 'LARGEST_PAGE', 'a page of audit events'],
  ['store/tables/event-search.ts', 'MOST_BLOCKS', 'a page of audit events'],
  ['audit/changes.ts', 'MOST_THINGS', 'changed things'],
  ['audit/changes.ts', 'MOST_TEXT', 'changed things', kibibytes],
  ['crypto/jws/compact.ts', 'LONGEST', 'a JWT', kibibytes],
  ['crypto/jws/compact.ts', 'LONGEST_KID', '`kid`'],
  ['crypto/jws/verify.ts', 'MOST_WORK', 'keys tried'],
  ['crypto/jws/public-key.ts', 'MOST_KEYS', 'a key set'],
  ['platform/json.ts', 'DEEPEST_JSON', 'its header, its claims'],
  ['platform/json.ts', 'MOST_JSON_VALUES', 'its header, its claims'],
  ['sender-constraint/htu.ts', 'LONGEST', '`htu`'],
  ['sender-constraint/proof-claims.ts', 'LONGEST_JTI', '`iss`, `sub`'],
  ['conditions/work.ts', 'MOST_WORK', 'evaluating the conditions'],
  ['client-auth/remote-jwks/fetch-json.ts', 'MOST_PIECES', 'a fetched document'],
  ['client-auth/remote-jwks/url.ts', 'LONGEST_URL', 'a URL'],
  ['crypto/x509/alternative-names.ts', 'MOST_NAMES', 'extensions; usages'],
  ['crypto/x509/distinguished-name.ts', 'MOST_PARTS', 'a name |'],
  ['crypto/x509/distinguished-name.ts', 'LONGEST_VALUE', 'a value in a name'],
  ['management/manifest/files/find.ts', 'MOST_FILES', 'the files of one manifest'],
  ['management/manifest/files/find.ts', 'MOST_ENTRIES', 'the files of one manifest'],
  ['management/manifest/files/find.ts', 'DEEPEST_FOLDER', 'the files of one manifest'],
  ['admin/operations/plans.ts', 'LONGEST_MANIFEST', 'a manifest in a request'],
  ['admin/operations/plans.ts', 'MOST_FILES', 'a manifest in a request'],
  ['admin/operations/plans.ts', 'MOST_SECRETS', 'a manifest in a request'],
  ['input/yaml-nodes.ts', 'DEEPEST', 'lists and mappings of YAML'],
  ['input/yaml-nodes.ts', 'MOST_BY_ALIASES', 'values that aliases'],
  ['input/issues.ts', 'MOST_ISSUES', 'mistakes'],
  ['management/manifest/check.ts', 'MOST_MISTAKES', 'mistakes'],
  ['management/manifest/reading/parse.ts', 'MOST_TESTS', 'tests'],
  ['management/manifest/reading/test-schema.ts', 'MOST_TESTED_SCOPES', 'tests'],
  ['management/manifest/reading/test-schema.ts', 'MOST_AUDIENCES', 'tests'],
  ['management/manifest/reading/test-schema.ts', 'LONGEST_CLAIMS', 'tests'],
  ['importers/draft/notes.ts', 'MOST_GROUPS', 'the report of an import'],
  ['importers/report.ts', 'MOST_LINES', 'the report of an import'],
  ['management/visible.ts', 'MOST_ITEMS', 'a page of a list'],
  ['admin/operations/cursor.ts', 'MOST', 'a page of a list'],
  ['management/visible.ts', 'LONGEST_SEARCH', 'a search'],
  ['management/visible.ts', 'MOST_OWNERS', 'a search'],
  ['audit/query.ts', 'MOST_VALUES', 'values in a filter'],
  ['audit/query.ts', 'LONGEST_VALUE', 'values in a filter'],
  ['management/schemas/group.ts', 'MOST_MEMBERS', 'members of a group'],
  ['admin/pages/steps.ts', 'LONGEST_NEXT', 'a path to go on to'],
  ['admin/api/headers.ts', 'MOST_TAGS', '`If-Match`'],
  ['admin/api/idempotency.ts', 'LONGEST_KEPT', 'an answer that is repeated', kibibytes],
  ['management/apis/find-clients.ts', 'MOST_CLIENTS', 'clients of an API that'],
  ['management/apis/effect.ts', 'MOST_NAMED', 'clients of an API that'],
  ['management/apis/clients.ts', 'MOST_READ', 'clients read for one page'],
  ['admin/operations/lab.ts', 'LONGEST_TOKEN', 'a token or a proof in the lab'],
  ['management/lab/request-token.ts', 'LARGEST_BODY', 'the body of a trial', kibibytes],
  ['management/lab/match-token.ts', 'MOST_COMPARED', 'credentials that the lab compares'],
  ['management/lab/match-token.ts', 'LONGEST_TRIAL_MS', 'credentials that the lab compares', seconds],
  ['management/explanations/explain.ts', 'MOST_EVENTS', 'events of one request'],
  ['management/explanations/explain.ts', 'TRACED_EVENTS', 'events of one request'],
  ['management/explanations/explain.ts', 'CLIENT_EVENTS', 'requests of a client'],
  ['management/explanations/explain.ts', 'MOST_EXPLAINED', 'requests of a client'],
  ['management/explanations/steps.ts', 'MOST_STEPS', 'scopes and APIs that an explanation'],
  ['management/explanations/advice/case.ts', 'MOST_SEARCHED', 'events searched'],
  ['management/usage/addresses.ts', 'LAST_EVENTS', 'addresses from which'],
  ['management/usage/addresses.ts', 'MOST_ADDRESSES', 'addresses from which'],
  ['management/usage/window.ts', 'MOST_INTERVALS', 'usage in one question'],
  ['management/usage/window.ts', 'MOST_SUMMED', 'usage in one question'],
  ['management/manifest/tests/run.ts', 'LONGEST_RUN', 'the tests of a manifest', seconds],
  ['sender-constraint/proof-keys.ts', 'MOST_KEYS', 'keys of DPoP proofs'],
  ['client-auth/certificates/anchors.ts', 'MOST_INTERMEDIATES', 'intermediate certificates'],
  ['tokens/revocation/revocations.ts', 'MOST_KEPT', 'tokens revoked one by one'],
]

describe('the page has the value of each constant', () => {
  const constants = CONSTANTS.map(([path, name, beginning, format = plain]) => ({ path, name, beginning, format }))
  test.each(constants)('$path $name: $beginning', ({ path, name, beginning, format }) => {
    const row = rows.find((line) => line.startsWith(`| ${beginning}`)) ?? `no row begins with: ${beginning}`
    const value = format(numberIn(path, name)).replaceAll('.', '\\.')
    expect(row).toMatch(new RegExp(`(?<![\\d,])${value}(?![\\d,]*\\d)`))
  })
})

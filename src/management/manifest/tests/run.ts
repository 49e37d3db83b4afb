import { setImmediate as nextTurn } from 'node:timers/promises'
import { Conditions } from '../../../conditions/conditions.ts'
import { ClientId } from '../../../oauth/ids.ts'
import type { Clock } from '../../../platform/clock.ts'
import { cut } from '../../../platform/text.ts'
import { MistakeList, UserError } from '../../../platform/user-error.ts'
import { AccessDecisions } from '../../../policy/entitlement.ts'
import { TokenProfiles } from '../../../tokens/profile.ts'
import { withSuggestions } from '../../authority/missing.ts'
import type { ParsedManifest } from '../reading/parse.ts'
import type { ManifestTest } from '../reading/test-schema.ts'
import { type Difference, judge } from './judge.ts'
import { findUnknown } from './names.ts'
import { answerTest, type ServerRules } from './request.ts'
import type { TestedState } from './state.ts'

/** The settings of the server that tests depend on. */
export interface TestedServer {
  /** The `iss` of its tokens. */
  readonly issuer: string
  /** The lifetime of tokens in seconds, if neither the client nor an API sets one. */
  readonly defaultLifetime: number
  readonly clock: Clock
}

/** The outcome of one test. */
export interface TestResult {
  /** The name of the test; a summary of its request if it has none. */
  readonly name: string
  readonly file: string
  readonly line: number
  readonly column: number
  /** None if the test passed. */
  readonly differences: readonly Difference[]
}

/** The tests after which requests of others are handled. */
const PER_TURN = 50
/** Milliseconds for all tests of a manifest. The largest manifest takes some seconds. */
const LONGEST_RUN = 30_000
/** Mistakes beyond which no more are looked for. */
const MOST_UNKNOWN = 100

/**
 * Runs the tests of a manifest against a state that would be, by the code that decides about token requests. It writes nothing, and
 * reads only clients.
 * @returns a result for each test, in the order of the manifest
 * @throws Mistakes if tests name clients, APIs or scopes that don't exist; UserError if they take over 30 seconds
 */
export async function runTests(
  { manifest: { tests }, errorAt, locate }: Pick<ParsedManifest, 'manifest' | 'errorAt' | 'locate'>,
  state: TestedState,
  { issuer, defaultLifetime, clock }: TestedServer,
): Promise<readonly TestResult[]> {
  const rules: ServerRules = {
    accessDecisions: new AccessDecisions(),
    conditions: new Conditions(),
    issuer: { url: issuer, defaultLifetime, profiles: new TokenProfiles() },
    now: clock.now(),
  }
  const until = clock.monotonic() + LONGEST_RUN
  const mistakes = new MistakeList()
  const named = withSuggestions()
  for await (const [index, test] of paced(tests, clock, until)) {
    const within = (path: readonly PropertyKey[], message: string) => errorAt(['tests', index, ...path], message)
    for await (const error of findUnknown(test, state, { errorAt: within, named })) mistakes.note(error)
    if (mistakes.all.length >= MOST_UNKNOWN) break
  }
  mistakes.refuse()
  const results: TestResult[] = []
  for await (const [index, test] of paced(tests, clock, until)) {
    const answer = await answerTest(test, state, rules)
    const { matches } = test
    const expected =
      matches === undefined || matches === 'nobody' ? undefined : await state.clients.client(ClientId(matches.client))
    const { file, line, column } = locate(['tests', index])
    results.push({ name: nameOf(test), file, line, column, differences: [...judge(test, answer, expected, rules)] })
  }
  return results
}

/** Each test with its index. Between tests the time is checked, and from time to time others get their turn. */
async function* paced(
  tests: readonly ManifestTest[],
  clock: Clock,
  until: number,
): AsyncGenerator<[number, ManifestTest]> {
  for (const [index, test] of tests.entries()) {
    if (clock.monotonic() > until)
      throw new UserError(
        `the tests take over ${LONGEST_RUN / 1_000} s: give fewer tests, or apply the manifest in parts`,
      )
    if (index % PER_TURN === PER_TURN - 1) await nextTurn()
    yield [index, test]
  }
}

function nameOf({ name, client, token, scope, resource }: ManifestTest): string {
  if (name !== undefined) return name
  const subject = token === undefined ? undefined : (token['sub'] ?? token['iss'])
  return cut(
    [
      ...(client === undefined ? [] : [client]),
      ...(typeof subject === 'string' ? [`token of ${subject}`] : []),
      ...(scope === undefined ? [] : [`scope ${scope.join(' ')}`]),
      ...(resource.length === 0 ? [] : [`at ${resource.join(' ')}`]),
    ].join(', '),
  )
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OutsideToken } from '../../src/conditions/claims.ts'
import { ConditionError } from '../../src/conditions/condition-error.ts'
import { parseCondition } from '../../src/conditions/conditions.ts'
import { UserError } from '../../src/platform/user-error.ts'
import { aws, azure, gitHub, gitLab, google, kubernetes } from '../harness/condition-shapes.ts'

type Claims = Readonly<Record<string, unknown>>

const problemOf = (text: string): ConditionError => {
  try {
    parseCondition(text)
  } catch (error) {
    if (error instanceof ConditionError) return error
    throw error
  }
  throw new Error(`taken: ${text}`)
}
/** Claims as a token carries them. */
const parse = (json: string): Claims => JSON.parse(json)

describe('conditions that hold', () => {
  const cases: [string, Claims, string][] = [
    ['GitHub: an environment', gitHub, 'claims.environment == "production" && claims.repository_owner_id == "65"'],
    ['GitHub: a reusable workflow', gitHub, 'claims.job_workflow_ref.startsWith("octo-org/octo-automation/")'],
    ['GitHub: branch or tag', gitHub, 'claims.ref == "refs/heads/main" || claims.ref.startsWith("refs/tags/")'],
    ['GitHub: one of several', gitHub, 'claims.event_name in ["push", "workflow_dispatch"]'],
    ['GitHub: not a fork', gitHub, '!(claims.event_name == "pull_request") && claims.head_ref == ""'],
    ['Kubernetes: a nested claim', kubernetes, 'claims["kubernetes.io"].namespace == "payments"'],
    ['Kubernetes: deeper', kubernetes, 'claims["kubernetes.io"].serviceaccount.name == "billing"'],
    ['Kubernetes: a claim that may be absent', kubernetes, '!has(claims.azp) || claims.azp == "x"'],
    ['GitLab: an element', gitLab, '"platform" in claims.groups_direct'],
    ['GitLab: any element', gitLab, 'claims.groups_direct.exists(g, g.startsWith("plat"))'],
    ['GitLab: objects in a list', gitLab, 'claims.user_identities.exists(i, i.provider == "saml")'],
    ['GitLab: whole number', gitLab, 'claims.runner_id == 1 && claims.runner_id < 2 && claims.runner_id + 1 == 2'],
    ['Google: true', google, 'claims.email_verified == true'],
    ['Google: a large number', google, 'claims.google.compute_engine.project_number == 739419398126'],
    ['Azure: a role', azure, 'claims.roles.exists_one(r, r == "Tokens.Read") && size(claims.roles) == 2'],
    [
      'AWS: a claim named by a URL',
      aws,
      'claims["https://sts.amazonaws.com/"].principal_tags.environment == "production"',
    ],
    ['several prefixes', aws, '["arn:aws:iam::1:", "arn:aws:iam::123456789012:"].exists(p, claims.sub.startsWith(p))'],
    ['two lists', { a: ['x', 'y'], b: ['y'] }, 'claims.a.exists(x, claims.b.exists(y, x == y))'],
    ['a filtered list', gitLab, 'claims.groups_direct.filter(g, g != "platform").size() == 1'],
    ['all of an empty list', { a: [] }, 'claims.a.all(x, x == 1)'],
    ['a part of text', gitHub, 'claims.workflow_ref.contains("/deploy.yml@")'],
    ['a fraction', { score: 0.5 }, 'claims.score > 0.25 && claims.score < 1'],
    ['null', { owner: null }, 'claims.owner == null'],
    [
      'a claim that every object inherits',
      parse('{"constructor":"c","toString":"t"}'),
      'claims.constructor == "c" && claims.toString == "t"',
    ],
    ['__proto__', parse('{"__proto__":"p"}'), 'claims.__proto__ == "p"'],
    ['one of two, the other absent', { b: 1 }, 'claims.a == 1 || claims.b == 1'],
    ['a comment at the end', { a: 1 }, 'claims.a == 1 // is one'],
    ['brackets in text', { a: ')' }, '(claims.a == ")") && true'],
  ]
  test.each(cases)('%s', (_name, claims, text) => {
    expect(parseCondition(text).evaluate(new OutsideToken(claims))).toEqual({ holds: true })
  })
})

describe('conditions that don’t hold name the part and the reason', () => {
  const groups = Array.from({ length: 1_000 }, (_, index) => `group-${index}`)
  const deep = (levels: number): unknown => (levels === 0 ? 'x' : { a: deep(levels - 1) })
  const cases: [string, Claims, string, string, string][] = [
    [
      'the first false part',
      { ...gitHub, environment: 'staging' },
      'claims.repository == "octo-org/octo-repo" && claims.environment == "production" && claims.ref == "x"',
      'claims.environment == "production"',
      'claims.environment is "staging"',
    ],
    ['an absent claim', {}, 'claims.a == "x"', 'claims.a == "x"', 'claims.a is not there'],
    ['an absent claim under a negation', {}, 'claims.a != "x"', 'claims.a != "x"', 'claims.a is not there'],
    [
      'an absent claim in a negated comparison',
      {},
      '!(claims.a == "x")',
      '!(claims.a == "x")',
      'claims.a is not there',
    ],
    [
      'a nested claim',
      { a: { b: {} } },
      'claims.a["b"].c == 1',
      'claims.a["b"].c == 1',
      'claims.a["b"].c is not there',
    ],
    ['a member of an element', { a: [{}] }, 'claims.a.all(e, e.b == 1)', 'claims.a.all(e, e.b == 1)', 'b is not there'],
    [
      'a member that every object inherits',
      {},
      'claims.constructor == "x"',
      'claims.constructor == "x"',
      'claims.constructor is not there',
    ],
    ['__proto__', {}, 'has(claims.__proto__)', 'has(claims.__proto__)', 'claims.__proto__ is not there'],
    [
      'two claims, and brackets',
      { a: 1, b: 'y' },
      'claims.b == "y" && ((claims.a == 2) || (claims.b == "z"))',
      '(claims.a == 2) || (claims.b == "z")',
      'claims.a is 1, claims.b is "y"',
    ],
    [
      'an alternative in text with brackets',
      { a: ')' },
      '(claims.a == "(") || (claims.a == "")',
      '(claims.a == "(") || (claims.a == "")',
      'claims.a is ")"',
    ],
    [
      'a list',
      gitLab,
      '"admins" in claims.groups_direct',
      '"admins" in claims.groups_direct',
      'claims.groups_direct is ["my-group","platform"]',
    ],
    ['another type', { a: '2' }, 'claims.a < 3', 'claims.a < 3', 'no such overload: string < int; claims.a is "2"'],
    [
      'text in place of a list',
      { a: 'x' },
      'claims.a.exists(e, e == "x")',
      'claims.a.exists(e, e == "x")',
      'claims.a is "x"',
    ],
    ['text that looks like a number', { a: '1' }, 'claims.a == 1', 'claims.a == 1', 'claims.a is "1"'],
    ['an index out of range', { a: ['x'] }, 'claims.a[1] == "x"', 'claims.a[1] == "x"', 'index out of bounds'],
    ['never', {}, 'true && false', 'false', 'it is never true'],
    [
      'a number that JSON can’t express',
      parse('{"id":9007199254740993}'),
      'claims.id == 9007199254740992',
      'claims.id == 9007199254740992',
      'a claim is nested too deeply, or is a number beyond 2^53, which JSON does not carry exactly',
    ],
    [
      'the same, compared for inequality',
      parse('{"id":9007199254740993}'),
      'claims.id != 1',
      'claims.id != 1',
      'a claim is nested too deeply, or is a number beyond 2^53, which JSON does not carry exactly',
    ],
    [
      'endless nesting',
      { a: deep(40) },
      `claims.a${'.a'.repeat(20)} == "x"`,
      `claims.a${'.a'.repeat(20)} == "x"`,
      'a claim is nested too deeply, or is a number beyond 2^53, which JSON does not carry exactly',
    ],
    [
      'too much work',
      { groups },
      'claims.groups.exists(a, claims.groups.exists(b, a == b + "x"))',
      'claims.groups.exists(a, claims.groups.exists(b, a == b + "x"))',
      'it would take too long on this token',
    ],
  ]
  test.each(cases)('%s', (_name, claims, text, part, because) => {
    const outcome = parseCondition(text).evaluate(new OutsideToken(claims))
    expect(outcome).toMatchObject({ holds: false, part })
    expect(outcome).toMatchObject({ because: expect.stringContaining(because) })
  })

  test('messages have at most 256 characters', () => {
    const claims = { a: 'x'.repeat(10_000), b: 'y'.repeat(10_000), c: 'z'.repeat(10_000), d: 'z'.repeat(10_000) }
    const text = `claims.a == "${'q'.repeat(400)}" || claims.b == "" || claims.c == "" || claims.d == ""`
    const outcome = parseCondition(text).evaluate(new OutsideToken(claims))
    if (outcome.holds) throw new Error('it holds')
    expect(outcome.part).toHaveLength(256)
    expect(outcome.because).toHaveLength(256)
  })

  test('claims that no condition uses may be anything', () => {
    const claims = { ...parse('{"id":9007199254740993,"big":1e400}'), deep: deep(5_000), a: 1 }
    expect(parseCondition('claims.a == 1').evaluate(new OutsideToken(claims))).toEqual({ holds: true })
  })
})

describe('an invalid condition is refused with a message and a position', () => {
  const cases: [string, string, number, RegExp][] = [
    ['nothing', '', 0, /Unexpected token: EOF/],
    ['half a comparison', 'claims.a ==', 11, /Unexpected token: EOF/],
    ['two conditions', 'claims.a == 1 claims.b == 2', 14, /Unexpected character/],
    ['an extra bracket', 'claims.a == 1) || (true', 13, /Unexpected character/],
    ['an extra bracket, and a comment', 'true) //', 4, /Unexpected character/],
    ['unterminated text', 'claims.a == "x', 12, /Unterminated/],
    ['a value that isn’t a boolean', 'claims.a', 0, /this one is dyn/],
    ['a number', '1 + 2', 0, /this one is int/],
    ['types that never compare', '1 == "1"', 0, /no such overload/],
    ['a claim of a value without members', 'claims.a == 1 && environment == "x"', 17, /There is no environment/],
    ['our own macro', 'evaluator(true) == true', 0, /evaluator\(\) is not offered/],
    ['a regular expression', 'claims.a.matches("^(a+)+$")', 0, /matches\(\) is not offered: a regular/],
    ['binding', 'cel.bind(x, claims.a, x == x)', 0, /bind\(\) is not offered/],
    ['mapping', 'claims.a.map(x, x + x).size() == 1', 0, /map\(\) is not offered/],
    ['splitting', '"x" in claims.a.split(" ")', 7, /split\(\) is not offered/],
    ['case conversion', 'claims.a.lowerAscii() == "x"', 0, /lowerAscii\(\) is not offered/],
    ['a conversion', 'int(claims.a) == 0', 0, /int\(\) is not offered/],
    ['a time', 'timestamp("2026-01-01T00:00:00Z") == claims.a', 0, /timestamp\(\) is not offered/],
    ['a map', 'claims == {"a": 1}', 10, /Maps and optional fields/],
    ['a part that is constructed', 'claims.a.contains(claims.b)', 0, /contains\(\) takes text in quotes/],
    ['a quantifier over a constructed list', '(claims.a + claims.a).exists(x, x == 1)', 1, /must range over a claim/],
    ['a quantifier over one of a list of lists', '[claims.a][0].exists(x, x == 1)', 0, /must range over a claim/],
    ['a quantifier with a position', 'claims.a.exists(i, x, x == 1)', 0, /exists takes a name/],
    ['a reserved name', 'claims.a.exists(claims, claims == 1)', 16, /claims is taken/],
    [
      'quantifiers in quantifiers in quantifiers',
      'claims.a.all(x, claims.a.all(y, claims.a.all(z, x == z)))',
      48,
      /nested too deeply: two are allowed/,
    ],
    ['2,049 characters', `claims.a == "${'x'.repeat(2035)}"`, 2_048, /over 2048 characters/],
    ['too many parts', `${'claims.a == 1 || '.repeat(100)}true`, 0, /Exceeded maxAstNodes/],
    ['too deep', `${'('.repeat(50)}true${')'.repeat(50)}`, 0, /Exceeded maxDepth/],
    ['two thousand negations', `${'!'.repeat(2_000)}true`, 0, /Exceeded maxAstNodes/],
    ['a list of 65', `claims.a in [${Array.from({ length: 65 }, (_, index) => index)}]`, 0, /Exceeded maxListElements/],
  ]
  test.each(cases)('%s', (_name, text, position, message) => {
    const problem = problemOf(text)
    expect(problem).toBeInstanceOf(UserError)
    expect(problem.message).toMatch(message)
    expect(problem.message).not.toContain('\n')
    if (position > 0) expect(problem.position).toBe(position)
    expect(problem.message).toContain(`(at character ${problem.position + 1} of the condition)`)
  })

  test('2,048 characters are accepted', () => {
    expect(
      parseCondition(`claims.a == "${'x'.repeat(2034)}"`).evaluate(new OutsideToken({ a: 'x'.repeat(2034) })),
    ).toEqual({
      holds: true,
    })
  })
})

describe('conditions on the largest claims of real issuers are evaluated', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `/groups/of/the/company/team-${index}`)
  const cases: [string, Claims, string][] = [
    ['one of 400 groups', { g: names(400) }, 'claims.g.exists(x, x == "/groups/of/the/company/team-399")'],
    ['a prefix', { g: names(400) }, 'claims.g.exists(x, x.startsWith("/groups/of/the/company/team-399"))'],
    ['a part', { g: names(400) }, 'claims.g.exists(x, x.contains("team-399"))'],
    ['several prefixes', { g: names(300) }, '["a", "b", "/gro"].exists(p, claims.g.exists(x, x.startsWith(p)))'],
    ['two lists', { a: names(50), b: names(50) }, 'claims.a.exists(x, claims.b.exists(y, x == y))'],
    ['members', { o: names(300).map((n) => ({ n })) }, 'claims.o.exists(x, x.n == "/groups/of/the/company/team-1")'],
  ]
  test.each(cases)('%s', (_name, claims, text) => {
    expect(parseCondition(text).evaluate(new OutsideToken(claims))).toEqual({ holds: true })
  })
})

describe('time is bounded (megabyte-fields)', () => {
  const ones = (length: number) => new Array<number>(length).fill(1)
  const sixty = JSON.stringify(ones(60))
  const many = (part: string, times: number) => new Array<string>(times).fill(part).join(' && ')
  const cases: [string, Claims, string][] = [
    ['elements of two lists', { a: ones(4_000), b: ones(4_000) }, 'claims.a.all(x, claims.b.all(y, x == y))'],
    ['as many as allowed', { a: ones(200), b: ones(200) }, 'claims.a.all(x, claims.b.all(y, x == y))'],
    ['members of a list', { a: ones(3_000), b: ones(3_000) }, 'claims.a.all(x, !(2 in claims.b))'],
    ['lists, repeatedly', { a: ones(4_000), b: ones(4_000) }, many('claims.a == claims.b', 35)],
    ['lists, for each element of a list', { a: ones(4_000), b: ones(4_000) }, `${sixty}.all(x, claims.a == claims.b)`],
    [
      'lengths, for each element of a list',
      { a: 'x'.repeat(16_000) },
      `${sixty}.all(x, ${many('size(claims.a) > 1', 8)})`,
    ],
    [
      'a part that almost matches',
      { a: 'a'.repeat(14_000) },
      `!claims.a.contains("${'a'.repeat(900)}b${'a'.repeat(900)}")`,
    ],
    [
      'such parts, for each element of a list',
      { a: 'a'.repeat(14_000) },
      `${sixty}.all(x, !claims.a.contains("${'a'.repeat(400)}b${'a'.repeat(400)}"))`,
    ],
    [
      'a long list in a short one',
      { a: ones(5_000) },
      `[${sixty}].all(x, x.all(y, claims.a == claims.a + [y]) || true)`,
    ],
    ['nested text searches', { a: 'a'.repeat(16_000) }, `${new Array(60).fill('claims.a').join(' + ')} != claims.a`],
    ['two lists in a list', { a: ones(4_000) }, `${sixty}.all(x, [claims.a, claims.a].all(y, y == claims.a))`],
  ]
  test.each(cases)('%s', (_name, claims, text) => {
    const condition = parseCondition(text)
    const times = Array.from({ length: 5 }, () => {
      const before = performance.now()
      condition.evaluate(new OutsideToken(claims))
      return performance.now() - before
    })
    // The limit is 10 ms; unbounded work would take seconds.
    expect(Math.min(...times)).toBeLessThan(100)
  })
})

describe('any input', () => {
  const name = fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'constructor', 'length', 'kubernetes.io'), fc.string())
  const claims = fc.dictionary(name, fc.jsonValue({ maxDepth: 5 }))
  const texts = ['claims.a == claims.b', 'claims.a.exists(x, x == "y")', 'claims.a.b.c < 3', 'claims.a["length"] == 1']

  test('evaluation never throws, and explains why a condition doesn’t hold', () => {
    const property = fc.property(claims, fc.constantFrom(...texts), (given, text) => {
      const outcome = parseCondition(text).evaluate(new OutsideToken(given))
      return outcome.holds || (outcome.because !== '' && outcome.because.length <= 256)
    })
    fc.assert(property, { numRuns: 500 })
  })

  test('text is a condition, or is refused', () => {
    const pieces = [
      'claims',
      '.a',
      '.exists(x, ',
      '["k"]',
      '(',
      ')',
      ' && ',
      ' || ',
      '!',
      ' == ',
      ' in ',
      '"t"',
      '1',
      'x',
      '[',
      ']',
      ',',
      '//',
      '\n',
      'has(',
      '? true : ',
      '{',
      '}',
    ]
    const text = fc.oneof(
      fc.array(fc.constantFrom(...pieces)).map((all) => all.join('')),
      fc.string({ unit: 'binary' }),
    )
    const property = fc.property(text, claims, (given, about) => {
      try {
        parseCondition(given).evaluate(new OutsideToken(about))
        return true
      } catch (error) {
        return error instanceof ConditionError && error.position >= 0 && error.position <= given.length
      }
    })
    fc.assert(property, { numRuns: 2_000 })
  })
})

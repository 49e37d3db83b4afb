import { hash } from 'node:crypto'
import { z } from 'zod'
import { withManifest } from '../../audit/actor.ts'
import { LONGEST_SECRET_FILE } from '../../input/secret.ts'
import { applyManifest } from '../../management/manifest/apply.ts'
import type { Plan } from '../../management/manifest/plan.ts'
import { outcomeOf, planBody } from '../../management/manifest/plan-body.ts'
import type { ManifestFile } from '../../management/manifest/reading/parse.ts'
import { nameOfReference, type SecretReference } from '../../management/manifest/secret-source.ts'
import { line } from '../../management/schemas/values.ts'
import { Conflict, NotFound } from '../../platform/user-error.ts'
import type { CallContext } from './call-context.ts'
import { noParameters, noQuery, operation } from './operation.ts'
import { OutdatedPlan } from './precondition.ts'

/** Characters of a manifest. A larger one is applied by a command on the server. */
const LONGEST_MANIFEST = 1_000_000
const MOST_FILES = 1_000
const LONGEST_NAME = 1_024
const MOST_SECRETS = 10_000

const NAME = 'manifest.yaml'
const text = z.string().min(1).max(LONGEST_MANIFEST)

const given = z.strictObject({
  manifest: z
    .union(
      [
        text,
        z
          .array(z.strictObject({ name: line(LONGEST_NAME), content: text }))
          .min(1)
          .max(MOST_FILES),
      ],
      {
        error: 'must be YAML, or a list of files with name and content',
      },
    )
    .refine(
      (files) =>
        typeof files === 'string' || files.reduce((sum, { content }) => sum + content.length, 0) <= LONGEST_MANIFEST,
      `must have at most ${LONGEST_MANIFEST} characters`,
    )
    .describe('The manifest: YAML, or its files.'),
  secrets: z
    .record(z.string().max(LONGEST_NAME), z.string().max(LONGEST_SECRET_FILE))
    .refine((all) => Object.keys(all).length <= MOST_SECRETS, `must be at most ${MOST_SECRETS}`)
    .default({})
    .describe('The secrets that the manifest names, by `env:NAME` or `file:path`. A plan needs none.'),
  prune: z.boolean().default(false).describe('Delete what the manifest owns and no longer names.'),
  take_over: z.boolean().default(false).describe('Take things from other manifests, and from people.'),
})

type Given = z.output<typeof given>

const applying = given.extend({
  ignore_tests: z.boolean().default(false).describe('Go on although tests of the manifest fail.'),
  allow_destroy: z
    .boolean()
    .default(false)
    .describe('End credentials in use, scopes of clients, owners, clients and APIs.'),
})

const plan = z.strictObject({
  id: z.string().describe('The id for the application. It is valid for this manifest and this outcome only.'),
  steps: z.array(
    z.strictObject({
      action: z.enum(['create', 'update', 'rename', 'delete', 'unchanged']),
      kind: z.enum(['api', 'client']),
      id: z.string(),
      from: z.string().optional().describe('The former id, for a rename.'),
      changes: z.array(z.strictObject({ field: z.string(), before: z.unknown(), after: z.unknown() })),
    }),
  ),
  losses: z
    .array(z.looseObject({ kind: z.string(), destructive: z.boolean().describe('Whether it needs `allow_destroy`.') }))
    .describe('The things that somebody can no longer use afterwards.'),
  conflicts: z
    .array(z.string())
    .describe(
      'The things that belong to somebody else, which need `take_over`; and APIs that others still use, which can not end.',
    ),
  tests: z
    .array(
      z.strictObject({
        name: z.string(),
        passed: z.boolean(),
        file: z.string(),
        line: z.int(),
        column: z.int(),
        differences: z.array(z.strictObject({ expected: z.string(), got: z.string() })),
      }),
    )
    .describe('The results of the tests of the manifest, in the state that would be.'),
  warnings: z.array(z.string()),
  generates: z
    .array(z.strictObject({ client_id: z.string(), label: z.string() }))
    .describe('The credentials that get a generated secret.'),
})

const applied = plan.omit({ id: true }).extend({
  secrets: z
    .array(z.strictObject({ client_id: z.string(), label: z.string(), secret: z.string() }))
    .optional()
    .describe('The generated secrets. They are shown only once.'),
})

/** The things that an id of a plan is valid for. */
const ground = z.strictObject({ given: z.string(), outcome: z.string() })

const digestOf = (text: string): string => hash('sha256', text, 'base64url')

/** The manifest and the options of a request, without secrets and consents. */
const digestOfGiven = ({ manifest, prune, take_over }: Given): string =>
  digestOf(JSON.stringify([manifest, prune, take_over]))

const filesOf = ({ manifest }: Given): readonly ManifestFile[] =>
  typeof manifest === 'string' ? [{ name: NAME, content: manifest }] : manifest

/** The input of a request. It names secrets of its own alone: a server reads neither its environment nor its files for it. */
async function inputOf(body: Given, { issuer, defaultLifetime, parser }: CallContext['server']) {
  const secrets = new Map(Object.entries(body.secrets))
  return {
    parsed: await parser.parse(filesOf(body)),
    source: (reference: SecretReference) => secrets.get(nameOfReference(reference)),
    server: { issuer, defaultLifetime: defaultLifetime() },
    prune: body.prune,
    takeOver: body.take_over,
  }
}

const example = {
  body: { manifest: 'clients:\n  - client_id: billing\n    scopes: [read]\n' },
  answer: {
    steps: [{ action: 'create', kind: 'client', id: 'billing', changes: [] }],
    losses: [],
    conflicts: [],
    tests: [],
    warnings: [],
    generates: [],
  },
} as const

export const planOperations = [
  operation({
    id: 'plans.create',
    method: 'POST',
    path: '/plans',
    summary: 'Plan a manifest: show what applying it would change and end',
    access: 'plans:read',
    ...noParameters,
    ...noQuery,
    body: given,
    answer: plan,
    // It changes nothing, and a reader could fill the database with answers.
    isKept: false,
    commands: ['plan', 'diff'],
    example: { body: example.body, answer: { id: 'kxL0…', ...example.answer } },
    run: async ({ management, cursors, server }, { body }) => {
      const planned = await applyManifest(management, { ...(await inputOf(body, server)), dryRun: true })
      const id = cursors.seal({ given: digestOfGiven(body), outcome: digestOf(outcomeOf(planned)) }, 'plan')
      return { body: { id, ...planBody(planned) }, state: null }
    },
  }),
  operation({
    id: 'plans.apply',
    method: 'POST',
    path: '/plans/{plan}/apply',
    summary: 'Apply a planned manifest, if it still does the same',
    access: 'plans:write',
    parameters: z.strictObject({ plan: z.string().min(1).max(1_024) }),
    ...noQuery,
    body: applying,
    answer: applied,
    commands: ['apply'],
    example: { path: { plan: 'kxL0…' }, ...example },
    run: async ({ management, cursors, server, show }, { path, body }) => {
      const known = ground.safeParse(cursors.open(path.plan, 'plan')).data
      if (known === undefined) throw new NotFound('there is no such plan: make one with POST /plans')
      if (known.given !== digestOfGiven(body))
        throw new Conflict('the plan is of another manifest, or has other options: plan this one')
      const hashes = filesOf(body).map(({ content }) => hash('sha256', content))
      const context = { ...management, actor: withManifest(management.actor, hashes) }
      const done = await applyManifest(context, {
        ...(await inputOf(body, server)),
        dryRun: false,
        allowDestroy: body.allow_destroy,
        ignoreTests: body.ignore_tests,
        check: (present) => {
          if (digestOf(outcomeOf(present)) !== known.outcome)
            throw new OutdatedPlan('the plan would do something else by now: clients or APIs have changed. Plan again')
        },
        ...(show && {
          show: ({ generated }: Plan) => {
            for (const { secret } of generated) show(secret)
          },
        }),
      })
      const secrets = done.generated.map(({ clientId, label, secret }) => ({ client_id: clientId, label, secret }))
      return { body: planBody(done), state: null, ...(secrets.length > 0 && { shownOnce: { secrets } }) }
    },
  }),
]

import { hash } from 'node:crypto'
import { z } from 'zod'
import { applyManifest } from '../../management/manifest/apply.ts'
import type { Plan } from '../../management/manifest/plan.ts'
import { planBody } from '../../management/manifest/plan-body.ts'
import { parseManifest } from '../../management/manifest/reading/parse.ts'
import { Conflict, NotFound } from '../../platform/user-error.ts'
import { noParameters, noQuery, operation } from './operation.ts'

/** Characters of a manifest. A larger one is applied by a command on the server. */
const LONGEST_MANIFEST = 1_000_000

const given = z.strictObject({
  manifest: z.string().min(1).max(LONGEST_MANIFEST).describe('The manifest, YAML.'),
})

const plan = z.strictObject({
  id: z.string().describe('The id for the application. It is valid for this manifest and the present model only.'),
  steps: z.array(
    z.strictObject({
      action: z.enum(['create', 'update', 'unchanged']),
      kind: z.enum(['api', 'client']),
      id: z.string(),
      fields: z.array(z.string()),
    }),
  ),
  losses: z
    .array(z.looseObject({ kind: z.string() }))
    .describe('The things that somebody can no longer use afterwards.'),
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
const ground = z.strictObject({ manifest: z.string(), version: z.int() })

const NAME = 'manifest.yaml'
const digestOf = (manifest: string): string => hash('sha256', manifest, 'base64url')

const example = {
  body: { manifest: 'clients:\n  - client_id: billing\n    scopes: [read]\n' },
  answer: {
    steps: [{ action: 'create', kind: 'client', id: 'billing', fields: [] }],
    losses: [],
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
    access: 'plans:write',
    ...noParameters,
    ...noQuery,
    body: given,
    answer: plan,
    command: 'apply',
    example: { body: example.body, answer: { id: 'kxL0…', ...example.answer } },
    run: async ({ management, cursors }, { body: { manifest } }) => {
      const { version } = await management.store.model.snapshot([])
      const planned = await applyManifest(management, { parsed: parseManifest(NAME, manifest), env: {}, dryRun: true })
      const id = cursors.seal({ manifest: digestOf(manifest), version }, 'plan')
      return { body: { id, ...planBody(planned) }, state: null }
    },
  }),
  operation({
    id: 'plans.apply',
    method: 'POST',
    path: '/plans/{plan}/apply',
    summary: 'Apply a planned manifest, if nothing has changed since',
    access: 'plans:write',
    parameters: z.strictObject({ plan: z.string().min(1).max(1_024) }),
    ...noQuery,
    body: given,
    answer: applied,
    command: 'apply',
    example: { path: { plan: 'kxL0…' }, ...example },
    run: async ({ management, cursors, show }, { path, body: { manifest } }) => {
      const known = ground.safeParse(cursors.open(path.plan, 'plan')).data
      if (known === undefined) throw new NotFound('there is no such plan: make one with POST /plans')
      if (known.manifest !== digestOf(manifest)) throw new Conflict('the plan is of another manifest: plan this one')
      const done = await applyManifest(management, {
        parsed: parseManifest(NAME, manifest),
        env: {},
        dryRun: false,
        version: known.version,
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

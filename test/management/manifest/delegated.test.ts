import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Authority } from '../../../src/management/authority/authority.ts'
import type { ApplyInput } from '../../../src/management/manifest/apply.ts'
import type { GroupPermission } from '../../../src/model/group.ts'
import { ClientId } from '../../../src/oauth/ids.ts'
import { apply, makeModel } from '../setting.ts'

const OWN = 'https://own.example.com'
const OTHER = 'https://other.example.com'
const MODEL = `
manifest: payments
apis:
  - { audience: "${OWN}", owner: ours, scopes: [{ name: look }, { name: basic }] }
  - { audience: "${OTHER}", owner: theirs, scopes: [{ name: pay }] }
clients:
  - { client_id: ours, owner: ours, scopes: [look] }
  - { client_id: spare, owner: ours }
  - { client_id: hidden, owner: theirs, scopes: [pay] }
`
const ALL: readonly GroupPermission[] = ['view', 'edit', 'rotate', 'delete', 'grant']

let model: Awaited<ReturnType<typeof makeModel>>
beforeAll(async () => {
  model = await makeModel()
})
afterAll(() => model.remove())

const member = (...has: readonly GroupPermission[]): Authority => ({
  everywhere: new Set(),
  within: new Map([['ours', new Set(has)]]),
})

async function open(setup = MODEL) {
  const { context, rows, close } = await model.copy()
  onTestFinished(close)
  await apply(context, setup)
  return {
    rows,
    /** Applies a manifest as a member of the team. */
    run: (manifest: string, options: Partial<ApplyInput> = {}, has = ALL) =>
      apply({ ...context, authority: member(...has) }, manifest, options),
    full: (manifest: string) => apply(context, manifest),
    ids: async () => {
      const { clients } = await context.store.model.snapshot(['ours', 'spare', 'hidden', 'new'].map(ClientId))
      return [...clients.keys()].sort()
    },
  }
}

/** The team's part of the model, without its client `spare`. */
const TEAM_PART = `
apis: [{ audience: "${OWN}", owner: ours, scopes: [{ name: look }, { name: basic }] }]
clients: [{ client_id: ours, owner: ours, scopes: [look] }]
`

describe('privilege-escalation: the manifest of a team', () => {
  test('prunes what the team may delete, and nothing that is hidden from it, without a word', async () => {
    const { run, ids } = await open()
    const plan = await run(`manifest: payments${TEAM_PART}`, { prune: true, dryRun: true })
    expect(JSON.stringify(plan)).not.toMatch(/hidden|other\.example/)
    await run(`manifest: payments${TEAM_PART}`, { prune: true })
    expect(await ids()).toEqual(['hidden', 'ours'])
  })

  test('prunes nothing that it may see, but not delete', async () => {
    const { run, ids } = await open()
    const pruned = run(`manifest: payments${TEAM_PART}`, { prune: true, dryRun: true }, ['view', 'edit', 'grant'])
    await expect(pruned).rejects.toThrow('clients:delete')
    expect(await ids()).toContain('spare')
  })

  test('learns nothing from a guess of a name: of a manifest, a client, or a former name', async () => {
    const { run, ids } = await open()
    const planOf = async (manifest: string) =>
      JSON.stringify(await run(manifest, { dryRun: true, prune: true })).replaceAll('guess', 'hidden')
    const manifest = 'manifest: nothing\nclients: [{ client_id: new, owner: ours, renamed_from: hidden }]'
    expect(await planOf(manifest)).toBe(await planOf(manifest.replace('hidden', 'guess')))
    const api = `manifest: nothing\napis: [{ audience: "https://new", owner: ours, renamed_from: "${OTHER}" }]`
    expect(await planOf(api)).toBe(await planOf(api.replace(OTHER, 'https://nowhere')))
    await run(manifest)
    expect(await ids()).toEqual(['hidden', 'new', 'ours', 'spare'])
  })

  test('takes over nothing that it may not change', async () => {
    const { run } = await open()
    const taking = (id: string) => `manifest: mine\nclients: [{ client_id: ${id}, owner: ours, name: Taken }]`
    await expect(run(taking('hidden'), { takeOver: true })).rejects.toThrow('the client id "hidden" is taken')
    await expect(run(taking('ours'), { takeOver: true }, ['view'])).rejects.toThrow('clients:write')
    await expect(run(taking('spare'))).rejects.toThrow('belongs to the manifest "payments"')
    await run(taking('spare'), { takeOver: true })
  })

  test('renames no client without the right to delete it, and no API that others’ clients use', async () => {
    const { run, full } = await open()
    const renamed = 'manifest: payments\nclients: [{ client_id: new, owner: ours, renamed_from: spare }]'
    await expect(run(renamed, {}, ['view', 'edit', 'grant'])).rejects.toThrow('clients:delete')
    await full('clients: [{ client_id: alien, owner: theirs, scopes: [look] }]')
    const api = `manifest: payments\napis: [{ audience: "${OWN}", owner: ours, scopes: [{ name: see, renamed_from: look }, { name: basic }] }]`
    await expect(run(api, { dryRun: true })).rejects.toThrow(
      /^clients that you may not change use a name that the manifest changes$/,
    )
  })

  test('gives no client with rights at another owner’s API a new id there', async () => {
    const { run, full } = await open()
    await full('clients: [{ client_id: given, owner: ours, subject: same, scopes: [pay] }]')
    const renamed =
      'clients: [{ client_id: pretender, renamed_from: given, owner: ours, subject: same, scopes: [pay] }]'
    await expect(run(renamed)).rejects.toThrow('has tokens with another subject, lifetime or other claims')
  })

  test('sees the number of clients that lose a scope of its API, and the names of its own alone', async () => {
    const { run, full } = await open()
    await full('clients: [{ client_id: alien, owner: theirs, scopes: [look] }]')
    const fewer = `manifest: payments\napis: [{ audience: "${OWN}", owner: ours, scopes: [{ name: basic }] }]`
    const { losses } = await run(fewer, { dryRun: true })
    expect(losses).toMatchObject([{ kind: 'api scope', clients: 2, examples: ['ours'] }])
  })
})

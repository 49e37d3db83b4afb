import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { showApi } from '../../../src/management/apis/show.ts'
import { type Authority, FULL } from '../../../src/management/authority/authority.ts'
import { type Permission, roles } from '../../../src/management/authority/permissions.ts'
import { disableClient } from '../../../src/management/clients/disable.ts'
import { showClient } from '../../../src/management/clients/show.ts'
import { addCredential } from '../../../src/management/credentials/add.ts'
import { revokeCredential } from '../../../src/management/credentials/revoke.ts'
import { rotateCredential } from '../../../src/management/credentials/rotate.ts'
import { putGroup } from '../../../src/management/groups/put.ts'
import { apiSchema, fromApi } from '../../../src/management/schemas/api.ts'
import { clientSchema, fromClient } from '../../../src/management/schemas/client.ts'
import { putApi } from '../../../src/management/settings/put-api.ts'
import { putClient } from '../../../src/management/settings/put-client.ts'
import type { GroupPermission } from '../../../src/model/group.ts'
import { Audience, ClientId } from '../../../src/oauth/ids.ts'
import { apply, makeModel, plan, type Setting } from '../setting.ts'

const OWN = 'https://own.example.com'
const OTHER = 'https://other.example.com'

let model: Awaited<ReturnType<typeof makeModel>>
let setting: Setting
beforeAll(async () => {
  model = await makeModel()
})
afterAll(() => model.remove())
beforeEach(async () => {
  setting = await model.copy()
  onTestFinished(setting.close)
  await apply(
    setting.context,
    `
apis:
  - audience: ${OWN}
    owner: ours
    scopes: [{ name: basic, includes: [look] }, { name: look }, { name: own-all }]
    token: { client_claims: { team: metadata.team, label: name } }
  - audience: ${OTHER}
    owner: theirs
    scopes: [{ name: pay }, { name: open, common: true }]
    token: { client_claims: { team: metadata.team } }
clients:
  - { client_id: ours, owner: ours, scopes: [basic] }
  - { client_id: theirs, owner: theirs, scopes: [pay] }
  - client_id: root
    owner: ours
    grants: [{ api: "urn:tessera:admin", scopes: ["accounts:write", "groups:write"] }]
  - { client_id: acting, owner: ours, grants: [{ api: "urn:tessera:admin", scopes: ["groups:act"] }] }
`,
  )
})

const member = (groups: Readonly<Record<string, readonly GroupPermission[]>>): Authority => ({
  everywhere: new Set(),
  within: new Map(Object.entries(groups).map(([group, has]) => [group, new Set(has)])),
})
const program = (...permissions: Permission[]): Authority => ({ everywhere: new Set(permissions), within: new Map() })
const OPERATOR = program(...roles.operator)
const EDITOR = member({ ours: ['view', 'edit', 'rotate', 'delete', 'grant'] })
const as = (authority: Authority) => ({ ...setting.context, authority })

/** Gives a client other settings. */
async function edit(authority: Authority, id: string, fields: object) {
  const present = await showClient(as(FULL), ClientId(id))
  if ('problem' in present) throw new Error(present.problem)
  const input = clientSchema.parse({ ...JSON.parse(JSON.stringify(fromClient(present))), ...fields })
  return putClient(as(authority), { id: ClientId(id), wanted: () => input })
}

async function editApi(authority: Authority, audience: string, fields: object) {
  const present = await showApi(as(FULL), audience)
  if ('problem' in present) throw new Error(present.problem)
  const input = apiSchema.parse({ ...JSON.parse(JSON.stringify(fromApi(present))), ...fields })
  return putApi(as(authority), { audience: Audience(audience), wanted: () => input })
}

const ADMIN_SPELLINGS = ['urn:tessera:admin', 'URN:tessera:admin', 'urn:tessera:%61dmin']

describe('privilege-escalation: a client', () => {
  test.each(ADMIN_SPELLINGS)('gets no scope at %s from an operator', async (api) => {
    for (const scope of ['accounts:write', 'groups:write', 'groups:act'])
      await expect(edit(OPERATOR, 'ours', { grants: [{ api, scopes: [scope] }] })).rejects.toThrow()
    await expect(edit(EDITOR, 'ours', { grants: [{ api, scopes: ['clients:read'] }] })).rejects.toThrow()
  })

  test.each([
    ['a scope of the admin API everywhere', { scopes: ['clients:write'] }],
    ['a pattern', { grants: [{ api: 'urn:tessera:admin', scopes: ['*'] }] }],
    ['a pattern of a noun', { grants: [{ api: 'urn:tessera:admin', scopes: ['clients:*'] }] }],
    ['a default scope', { default_scopes: ['clients:write'] }],
    ['the admin API by default', { default_api: 'urn:tessera:admin' }],
    ['a scope of an API of another owner', { scopes: ['basic', 'pay'] }],
    ['a grant at an API of another owner', { grants: [{ api: OTHER, scopes: ['pay'] }] }],
    ['another subject at an API of another owner', { subject: 'theirs' }],
    ['another claim at an API of another owner', { metadata: { team: 'theirs' } }],
    ['introspection of an API of another owner', { introspects: [OTHER] }],
    ['introspection of all', { introspects: 'all' }],
    ['introspection of the admin API', { introspects: ['urn:tessera:admin'] }],
    ['another owner', { owner: 'theirs' }],
    ['no owner', { owner: undefined }],
  ])('gets no right by %s from a member of its group', async (_, fields) => {
    await expect(edit(EDITOR, 'ours', fields)).rejects.toThrow()
  })

  test('of a group does not get the subject of another owner’s client as its id, by a call or a manifest', async () => {
    await edit(FULL, 'theirs', { subject: 'billing' })
    await edit(FULL, 'ours', { subject: 'own' })
    const create = (authority: Authority, id: string) => {
      const wanted = clientSchema.parse({ client_id: id, owner: 'ours' })
      return putClient(as(authority), { id: ClientId(id), wanted: () => wanted })
    }
    const byManifest = (authority: Authority, fields: string) =>
      apply(as(authority), `manifest: m\nclients: [{ owner: ours, ${fields} }]`)
    const refused = /"billing" is the subject of another client's tokens/
    await expect(create(EDITOR, 'billing')).rejects.toThrow(refused)
    await expect(byManifest(EDITOR, 'client_id: billing')).rejects.toThrow(refused)
    await byManifest(EDITOR, 'client_id: first')
    await expect(byManifest(EDITOR, 'client_id: billing, renamed_from: first')).rejects.toThrow(/another subject/)
    await expect(create(EDITOR, 'own')).resolves.toMatchObject({ isNew: true })
    await expect(create(FULL, 'billing')).resolves.toMatchObject({ isNew: true })
  })

  test('does not move to a group with more rights over it, unless its author has them', async () => {
    const both = (ours: readonly GroupPermission[]) => member({ ours, mine: ['view', 'edit', 'rotate', 'grant'] })
    const move = (ours: readonly GroupPermission[]) => edit(both(ours), 'ours', { owner: 'mine' })
    await expect(move(['view', 'edit'])).rejects.toThrow('rights over it that you lack: clients:delete')
    await expect(move(['view', 'edit', 'rotate'])).rejects.toThrow('clients:delete')
    expect((await move(['view', 'edit', 'rotate', 'delete'])).client.owner).toBe('mine')
    await expect(edit(program('clients:write'), 'theirs', { owner: 'mine' })).rejects.toThrow('that you lack')
    expect((await edit(OPERATOR, 'theirs', { owner: 'mine' })).client.owner).toBe('mine')
  })

  test.each(['root', 'acting'])('that administers more gets no credential from a lesser author: %s', async (id) => {
    const spec = { proof: undefined, label: undefined, expiresAt: undefined }
    const add = (authority: Authority) => addCredential(as(authority), { client: ClientId(id), spec, show: () => {} })
    await expect(add(OPERATOR)).rejects.toThrow('you')
    await expect(add(EDITOR)).rejects.toThrow('you')
    await expect(edit(EDITOR, id, { name: 'x' })).rejects.toThrow('you')
  })

  test('whose record can not be read gets no credential from an author who may not do everything', async () => {
    const client = ClientId('root')
    const spec = { proof: undefined, label: undefined, expiresAt: undefined }
    const input = { client, spec, show: () => {} }
    const { credential: first } = await addCredential(as(FULL), input)
    const rotation = { ...input, name: first.id, overlap: 0 }
    setting.rows.run("update client set scopes = 'broken' where client_id = 'root'")
    await expect(addCredential(as(OPERATOR), input)).rejects.toThrow('you may not do yourself')
    await expect(rotateCredential(as(OPERATOR), rotation)).rejects.toThrow('you may not do yourself')
    await expect(addCredential(as(EDITOR), input)).rejects.toThrow('there is no client')
    await addCredential(as(program(...roles.admin)), input)
    // An end of a credential gives nobody more.
    expect(await revokeCredential(as(OPERATOR), { client, name: first.id })).toHaveProperty('id', first.id)
  })
})

describe('privilege-escalation: an API', () => {
  test.each(['URN:tessera:admin', 'urn:TESSERA:admin', 'urn:tessera:%61dmin', 'urn:tessera:admin'])(
    'named %s is no admin API',
    async (audience) => {
      const input = apiSchema.parse({ audience, owner: 'ours', scopes: [{ name: 'x' }] })
      const outcome = await putApi(as(EDITOR), { audience: Audience(audience), wanted: () => input }).then(
        () => 'made',
        () => 'refused',
      )
      if (audience === 'urn:tessera:admin') expect(outcome).toBe('refused')
      await expect(edit(EDITOR, 'ours', { grants: [{ api: audience, scopes: ['accounts:write'] }] })).rejects.toThrow()
    },
  )

  test('does not move to a group in which its author may grant', async () => {
    const author = member({ ours: ['view', 'edit', 'delete', 'rotate'], mine: ['view', 'edit', 'grant'] })
    await expect(editApi(author, OWN, { owner: 'mine' })).rejects.toThrow('that you lack: grants:write')
  })

  test('has no larger groups of scopes by an editor who may not grant', async () => {
    const scopes = [{ name: 'basic', includes: ['look', 'own-all'] }, { name: 'look' }, { name: 'own-all' }]
    await expect(editApi(member({ ours: ['view', 'edit'] }), OWN, { scopes })).rejects.toThrow('grants:write')
    expect((await editApi(member({ ours: ['view', 'edit', 'grant'] }), OWN, { scopes })).api.scopes).toHaveLength(3)
  })

  test('takes no scope of another owner, and names it not', async () => {
    const scopes = [{ name: 'pay' }]
    const error = await editApi(EDITOR, OWN, { scopes }).catch((thrown: unknown) => thrown)
    expect(String(error)).toContain('"pay" is a scope of an API that is not yours')
    expect(String(error)).not.toContain(OTHER)
    await expect(editApi(EDITOR, OWN, { scopes: [{ name: 'new', common: true }] })).rejects.toThrow('apis:write')
  })
})

describe('privilege-escalation: a group', () => {
  const put = (authority: Authority, permissions: readonly GroupPermission[]) =>
    putGroup(as(authority), {
      name: 'ours',
      wanted: () => ({ members: [{ kind: 'account', id: 'eve', permissions: [...permissions] }] }),
    })

  test('gives no permission that its author lacks', async () => {
    await expect(put(program('groups:write'), ['view'])).rejects.toThrow('you lack permissions: apis:read')
    const reader = program(...roles.auditor, 'groups:write')
    await expect(put(reader, ['view', 'edit'])).rejects.toThrow('apis:write clients:write')
    expect((await put(reader, ['view'])).isNew).toBe(true)
    await put(FULL, ['view', 'grant'])
    expect((await put(reader, ['view', 'grant'])).isNew).toBe(false)
    expect((await put(program('groups:write'), ['view'])).group.members).toHaveLength(1)
  })
})

describe('privilege-escalation: a manifest', () => {
  test('by a program with plans:write alone changes nothing and tells nothing', async () => {
    const alone = { ...setting.context, authority: program('plans:write') }
    for (const scopes of ['[pay]', '[basic]'])
      await expect(apply(alone, `clients: [{ client_id: theirs, owner: theirs, scopes: ${scopes} }]`)).rejects.toThrow(
        'the client id "theirs" is taken',
      )
    await expect(apply(alone, `apis: [{ audience: "${OTHER}" }]`)).rejects.toThrow('is taken')
    await expect(apply(alone, 'clients: [{ client_id: new }]')).rejects.toThrow(/^client new: .*clients:write/)
    await expect(apply(alone, 'apis: [{ audience: "https://new.example" }]')).rejects.toThrow(
      /^api https:\/\/new\.example: .*apis:write/,
    )
  })
})

describe('privilege-escalation: a plan', () => {
  const READER = program('plans:read', 'apis:read', 'clients:read')
  const manifest = `
manifest: all
apis: [{ audience: "${OTHER}", owner: theirs, scopes: [{ name: open }] }, { audience: https://new.example.com }]
clients: [{ client_id: root, owner: ours, scopes: [basic] }, { client_id: new, grants: [{ api: "urn:tessera:admin", scopes: ["keys:write"] }] }]`

  test('is shown to an author who sees everything, with all that it ends', async () => {
    const { steps, losses } = await plan(as(READER), manifest)
    expect(steps.map(({ action, id }) => [action, id])).toEqual([
      ['update', OTHER],
      ['create', 'https://new.example.com'],
      ['update', 'root'],
      ['create', 'new'],
    ])
    expect(losses).toMatchObject([
      { kind: 'api scope', scope: 'open', clients: 6 },
      { kind: 'api scope', scope: 'pay', examples: ['theirs'] },
    ])
    await expect(apply(as(READER), manifest)).rejects.toThrow('this takes the permission')
  })

  test('of a rename that rewrites clients of others is shown, too', async () => {
    const renamed = `apis: [{ audience: https://renamed.example.com, renamed_from: "${OTHER}", owner: theirs, scopes: [{ name: pay }, { name: open, common: true }] }]
clients: [{ client_id: theirs, owner: theirs, scopes: [pay] }]`
    await expect(plan(as(READER), renamed)).resolves.toMatchObject({ steps: [{ action: 'rename' }, {}] })
  })

  test.each([['clients:read'], ['apis:read']] as const)(
    'is refused to an author who lacks %s, as its application is',
    async (lacking) => {
      const author = program(...[...READER.everywhere].filter((name) => name !== lacking))
      await expect(plan(as(author), manifest)).rejects.toThrow()
      await expect(plan(as(author), 'clients: [{ client_id: brand-new }]')).rejects.toThrow('clients:write')
    },
  )

  test('tells nobody whether a guess at a secret is right who may not set it', async () => {
    const of = (secret: string) =>
      `clients: [{ client_id: guarded, owner: ours, credentials: [{ label: one, secret: "${secret}" }] }]`
    await apply(setting.context, of('correct horse battery staple'))
    for (const author of [READER, member({ ours: ['view', 'edit'] })]) {
      const [right, wrong] = [
        await plan(as(author), of('correct horse battery staple')),
        await plan(as(author), of('wrong horse battery staple')),
      ]
      expect(wrong).toEqual(right)
      expect(right.warnings).toEqual([
        expect.stringMatching(
          /:1:\d+: clients\[0\]\.credentials\[0\]\.secret: was not compared: .* credentials:write$/,
        ),
      ])
    }
    const writer = program('plans:read', 'apis:read', 'clients:read', 'credentials:write')
    expect((await plan(as(writer), of('correct horse battery staple'))).steps).toMatchObject([{ action: 'unchanged' }])
    expect((await plan(as(writer), of('wrong horse battery staple'))).steps).toMatchObject([{ action: 'update' }])
  })
})

describe('unreadable-listing: a refusal', () => {
  test('about a hidden client or API is that of one that is not there', async () => {
    for (const id of ['theirs', 'missing'])
      await expect(disableClient(as(EDITOR), ClientId(id))).rejects.toThrow(`there is no client "${id}"`)
    const viewer = member({ theirs: ['view'] })
    await expect(disableClient(as(viewer), ClientId('theirs'))).rejects.toThrow('clients:write')
  })

  const HIDDEN = 'https://hidden.example.com'
  const UNREADABLE = 'https://unreadable.example.com'
  const hide = async () => {
    await apply(
      setting.context,
      `
apis:
  - { audience: ${HIDDEN}, owner: theirs, scopes: [{ name: hide }, { name: 'hidden:*' }] }
  - { audience: ${UNREADABLE}, owner: theirs, scopes: [{ name: lost }] }
clients:
  - { client_id: given, owner: ours, scopes: [hide], grants: [{ api: ${HIDDEN} }], introspects: [${HIDDEN}, ${UNREADABLE}] }
`,
    )
    setting.rows.run(`update api set scopes = 'broken' where audience = '${UNREADABLE}'`)
  }
  const PLANNER = { ...EDITOR, everywhere: new Set<Permission>(['plans:write', 'clients:write']) }

  test.each([
    ['a grant without scopes', (api: string) => ({ grants: [{ api }] })],
    ['a grant of a scope', (api: string) => ({ grants: [{ api, scopes: ['hide'] }] })],
    ['a grant of a scope that is not there', (api: string) => ({ grants: [{ api, scopes: ['none'] }] })],
    ['a default scope of a grant', (api: string) => ({ grants: [{ api, default_scopes: ['hide'] }] })],
    ['a default API', (api: string) => ({ default_api: api })],
    ['introspection', (api: string) => ({ introspects: [api] })],
    ['a scope', (api: string) => ({ scopes: [api === HIDDEN ? 'hide' : 'none'] })],
    ['a value of a scope', (api: string) => ({ scopes: [api === HIDDEN ? 'hidden:1' : 'hidde:1'] })],
    ['a default scope', (api: string) => ({ default_scopes: [api === HIDDEN ? 'hide' : 'none'] })],
  ])('of %s is the same for a hidden API and a missing one', async (_, fields) => {
    await hide()
    const messageOf = (change: () => Promise<unknown>) => change().then(String, (error: unknown) => String(error))
    const about = async (api: string) => {
      const input = { client_id: 'ours', owner: 'ours', ...fields(api) }
      const said = [
        await messageOf(() => edit(EDITOR, 'ours', fields(api))),
        await messageOf(() => edit(program('clients:write'), 'ours', fields(api))),
        await messageOf(() => apply(as(PLANNER), JSON.stringify({ clients: [input] }))),
        await messageOf(() => apply(as(PLANNER), JSON.stringify({ clients: [{ ...input, client_id: 'new' }] }))),
      ]
      return said.map((one) => one.replaceAll(api, '…').replaceAll(/"(hide|none|hidden:1|hidde:1)"/g, '"…"'))
    }
    const missing = await about('https://missing.example.com')
    // Each of these changes is refused.
    for (const one of missing) expect(one).toContain('rror: ')
    expect(await about(HIDDEN)).toEqual(missing)
    expect(await about(UNREADABLE)).toEqual(missing)
  })

  test('keeps no author from changing a client that refers to a hidden API already', async () => {
    await hide()
    const { client } = await edit(EDITOR, 'given', { description: 'changed' })
    expect(client).toMatchObject({ description: 'changed', scopes: ['hide'], grants: [{ api: HIDDEN }] })
    const granter = program('clients:write', 'grants:write')
    expect((await edit(granter, 'ours', { grants: [{ api: HIDDEN, scopes: ['hide'] }] })).client.grants).toHaveLength(1)
  })

  test('names no API that the author may not see', async () => {
    const error = await edit(EDITOR, 'ours', { introspects: 'all' }).catch((thrown: unknown) => thrown)
    expect(String(error)).toContain('an API that you may not see')
    expect(String(error)).not.toContain(OTHER)
  })
})

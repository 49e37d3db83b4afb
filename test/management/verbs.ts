/** Every verb on the model of `setting.ts`, with its input and the events that it must write. */

import { expect } from 'vitest'
import type { AuditEvent } from '../../src/audit/event.ts'
import { Keyring } from '../../src/keys/keyring.ts'
import { apiClients } from '../../src/management/apis/clients.ts'
import { deleteApi } from '../../src/management/apis/delete.ts'
import { apiEffect } from '../../src/management/apis/effect.ts'
import { listApis } from '../../src/management/apis/list.ts'
import { scopeEffect } from '../../src/management/apis/scope-effect.ts'
import { showApi } from '../../src/management/apis/show.ts'
import { repairAuditKey } from '../../src/management/audit/repair-key.ts'
import { rewrapAuditKey } from '../../src/management/audit/rewrap-key.ts'
import { rotateAuditKey } from '../../src/management/audit/rotate-key.ts'
import { verifyAudit } from '../../src/management/audit/verify.ts'
import { countClients } from '../../src/management/clients/count.ts'
import { deleteClient } from '../../src/management/clients/delete.ts'
import { disableClient } from '../../src/management/clients/disable.ts'
import { clientEffect } from '../../src/management/clients/effect.ts'
import { enableClient } from '../../src/management/clients/enable.ts'
import { searchClients } from '../../src/management/clients/search.ts'
import { showClient } from '../../src/management/clients/show.ts'
import { addCredential } from '../../src/management/credentials/add.ts'
import { cancelRotation } from '../../src/management/credentials/cancel.ts'
import { countCredentials } from '../../src/management/credentials/count.ts'
import { credentialEffect } from '../../src/management/credentials/effect.ts'
import { forgetSecret } from '../../src/management/credentials/forget-secret.ts'
import { labelCredential } from '../../src/management/credentials/label.ts'
import { listCredentials } from '../../src/management/credentials/list.ts'
import { listLostSecrets } from '../../src/management/credentials/lost-secrets.ts'
import { removeCredential } from '../../src/management/credentials/remove.ts'
import { revokeCredential } from '../../src/management/credentials/revoke.ts'
import { rewrapSecrets } from '../../src/management/credentials/rewrap.ts'
import { rotateCredential } from '../../src/management/credentials/rotate.ts'
import { searchCredentials } from '../../src/management/credentials/search.ts'
import { acceptRestored } from '../../src/management/database/accept-restored.ts'
import { explainClient, explainRequest } from '../../src/management/explanations/explain.ts'
import { deleteGroup } from '../../src/management/groups/delete.ts'
import { listGroups } from '../../src/management/groups/list.ts'
import { putGroup } from '../../src/management/groups/put.ts'
import { showGroup } from '../../src/management/groups/show.ts'
import { keyEffect } from '../../src/management/keys/effect.ts'
import { inspectKeys } from '../../src/management/keys/inspect.ts'
import { listKeys } from '../../src/management/keys/list.ts'
import { repairKeys } from '../../src/management/keys/repair.ts'
import { revokeKey } from '../../src/management/keys/revoke.ts'
import { rewrapKeys } from '../../src/management/keys/rewrap.ts'
import { rollBackKeys } from '../../src/management/keys/roll-back.ts'
import { rotateKeys } from '../../src/management/keys/rotate.ts'
import { exportApis } from '../../src/management/manifest/exporting/export-apis.ts'
import { exportClients } from '../../src/management/manifest/exporting/export-clients.ts'
import { addRevocation } from '../../src/management/revocations/add.ts'
import { listRevocations } from '../../src/management/revocations/list.ts'
import { apiSchema } from '../../src/management/schemas/api.ts'
import { clientSchema, fromClient } from '../../src/management/schemas/client.ts'
import { putApi } from '../../src/management/settings/put-api.ts'
import { putClient } from '../../src/management/settings/put-client.ts'
import { inspectToken } from '../../src/management/tokens/inspect.ts'
import { usageOfCredentials } from '../../src/management/usage/credentials.ts'
import { readTotals, readUsage } from '../../src/management/usage/read.ts'
import { topUsage } from '../../src/management/usage/top.ts'
import { listWasteful } from '../../src/management/usage/wasteful.ts'
import { Audience, ClientId } from '../../src/oauth/ids.ts'
import type { Rows } from '../harness/rows.ts'
import { encode } from '../harness/tokens.ts'
import {
  apply,
  GIVEN_SECRET,
  HOUR,
  JOB,
  MANIFEST,
  NEW_MASTER,
  OFF,
  OTHER_MASTER,
  TEAM,
  type TestContext,
} from './setting.ts'

/** A concurrent change between a verb's read and its write. */
interface Rival {
  readonly run: (context: TestContext) => Promise<unknown>
  /** Whether the change is still there afterwards. */
  readonly isKept: (rows: Rows) => boolean
}

export interface Verb {
  readonly run: (context: TestContext) => Promise<unknown>
  /** Changes the copy of the model so that the verb has something to do. */
  readonly prepare?: (rows: Rows) => void
  /** The events in order; none for a verb that only reads. */
  readonly events: readonly (Pick<AuditEvent, 'type'> & Partial<Pick<AuditEvent, 'clientId' | 'changes'>>)[]
  /** Whether it takes several transactions, so that a failure may keep the first ones. */
  readonly isStepwise?: true
  readonly rival?: Rival
}

const API = 'https://api.example.com'
const TIME = expect.stringMatching(/^2030-01-01T\d\d:/)
const KID = expect.stringMatching(/^[\w-]{43}$/)
const ID = expect.stringMatching(/^[0-9a-f-]{36}$/)

const changes = (...things: NonNullable<AuditEvent['changes']>['things']) => ({ changes: { things, others: 0 } })
const client = (id: string, before: object, after: object) =>
  changes({ thing: 'client', id, before: { ...before }, after: { ...after } })
const ofJob = { thing: 'credential', id: ID, name: expect.any(String), client: JOB } as const
const credential = (before: object | null, after: object | null) =>
  changes({ ...ofJob, before: before && { ...before }, after: after && { ...after } })
const key = (before: object | null, after: object | null) =>
  changes({ thing: 'key', id: KID, before: before && { ...before }, after: after && { ...after } })

const MEMBERS = { members: [{ kind: 'client', id: JOB, permissions: ['view'] }] }
const group = (before: object | null, after: object | null) =>
  changes({ thing: 'group', id: TEAM, before: before && { ...before }, after: after && { ...after } })

/** All fields of a credential of the model. */
const secretOf = (more: object) => ({
  kind: 'secret',
  hint: expect.stringMatching(/^\w{4}$/),
  retrievable: false,
  expiresAt: null,
  revokedAt: null,
  replaces: null,
  ...more,
})
/** Events leave out fields that have no value before or after. */
const made = (more: object) => {
  const { expiresAt: _, revokedAt: __, replaces: ___, ...fields } = secretOf({})
  return { ...fields, ...more }
}

const RENAMED = `manifest: m
${MANIFEST.replace(/\n {2}- \{ client_id: off.*/, '').replace('client_id: job', 'client_id: work\n    renamed_from: job')}`

const USAGE = { resolution: 'day', since: 0, until: 86_400_000, filter: {} } as const
const SPEC = { proof: undefined, label: 'another', expiresAt: undefined }
const show = (): void => {}
const explaining = (context: TestContext) => ({
  ...context,
  refusalOf: () => ({ meaning: 'the client is disabled', status: 401, error: 'invalid_client' }),
})
const recordRefusal = (rows: Rows): void =>
  rows.run(`
    insert into audit_event (at, type, result, reason, client_id, request_id, detail)
    values (1, 'token.issue', 'refused', 'client_disabled', '${OFF}', 'r', '{}')`)
const kidOf = async ({ store }: TestContext, state: string): Promise<string> =>
  (await store.keys.listKeys()).found.find((one) => one.state === state)?.kid ?? ''

const renamed: Rival = {
  run: (context) => apply(context, MANIFEST.replace('client_id: job', 'client_id: job\n    name: renamed')),
  isKept: (rows) => rows.all("select name from client where client_id = 'job'")[0]?.['name'] === 'renamed',
}
const added: Rival = {
  run: (context) => addCredential(context, { client: JOB, spec: { ...SPEC, label: 'rival' }, show }),
  isKept: (rows) => rows.all("select id from credential where label = 'rival'").length === 1,
}
const keyAdded: Rival = {
  run: (context) => rotateKeys(context, { algorithm: 'A256GCM', atOnce: true }),
  isKept: (rows) => rows.all("select kid from key where algorithm = 'A256GCM'").length === 1,
}
const keyRevoked: Rival = {
  run: async (context) => revokeKey(context, await kidOf(context, 'active')),
  isKept: (rows) => rows.all("select kid from key where state = 'revoked'").length === 1,
}
const signingRevoked: Rival = {
  run: (context) => revokeCredential(context, { client: JOB, name: 'signing' }),
  isKept: (rows) =>
    rows.all("select id from credential where label = 'signing' and revoked_at is not null").length === 1,
}
const apiRevoked: Rival = {
  run: (context) => addRevocation(context, { kind: 'api', id: 'https://api.example.com' }),
  isKept: (rows) => rows.all("select seq from revocation where kind = 'api'").length === 1,
}
const otherAdded: Rival = {
  run: (context) => putGroup(context, { name: 'rival', wanted: () => ({ members: [] }) }),
  isKept: (rows) => rows.all(`select name from "group" where name = 'rival'`).length === 1,
}
const groupChanged: Rival = {
  run: (context) => putGroup(context, { name: 'other', wanted: () => ({ description: 'rival', members: [] }) }),
  isKept: (rows) => rows.all(`select name from "group" where description = 'rival'`).length === 1,
}
const jobDisabled: Rival = {
  run: (context) => disableClient(context, JOB),
  isKept: (rows) => rows.all("select enabled from client where client_id = 'job'")[0]?.['enabled'] === 0,
}

const breakActiveKey = (rows: Rows) => rows.run("update key set encrypted_private_key = x'00' where state = 'active'")
const loseSecret = (rows: Rows) => rows.run("update credential set encrypted_secret = x'00' where label = 'signing'")
const rekeyed = (context: TestContext, masterKey = NEW_MASTER): TestContext => ({ ...context, masterKey })
const IDS = { before: { masterKeyId: expect.any(String) }, after: { masterKeyId: NEW_MASTER.id } }

/** Each verb under its file below `src/management/`. */
const replacedAuditKey = changes(
  { thing: 'audit key', id: KID, before: null, after: { signs: true } },
  { thing: 'audit key', id: KID, before: { signs: true }, after: { signs: false } },
)

export const verbs: Readonly<Record<string, Verb>> = {
  'apis/effect': { run: (context) => apiEffect(context, API), events: [] },
  'apis/clients': {
    run: (context) => apiClients(context, { audience: API, withCommon: true, after: '', most: 10 }),
    events: [],
  },
  'apis/scope-effect': { run: (context) => scopeEffect(context, { audience: API, name: 'read' }), events: [] },
  'apis/delete': {
    run: (context) => deleteApi(context, { audience: API, withGrants: true }),
    events: [
      {
        type: 'api.delete',
        ...changes(
          { thing: 'api', id: API, before: { scopes: [{ name: 'edit' }, { name: 'read' }], token: {} }, after: null },
          { thing: 'client', id: JOB, before: { scopes: ['edit'] }, after: { scopes: [] } },
          { thing: 'client', id: OFF, before: { scopes: ['edit'] }, after: { scopes: [] } },
        ),
      },
    ],
    rival: renamed,
  },
  'clients/effect': { run: (context) => clientEffect(context, JOB), events: [] },
  'clients/delete': {
    run: (context) => deleteClient(context, { id: JOB }),
    events: [
      {
        type: 'client.delete',
        clientId: JOB,
        ...changes(
          { thing: 'client', id: JOB, before: expect.objectContaining({ scopes: ['edit'] }), after: null },
          { ...ofJob, before: made({ label: 'first' }), after: null },
          { ...ofJob, before: made({ label: 'signing', retrievable: true }), after: null },
          { ...ofJob, before: made({ label: 'own', expiresAt: TIME }), after: null },
          { ...ofJob, before: made({ label: 'next', replaces: ID }), after: null },
          { thing: 'group', id: TEAM, before: MEMBERS, after: { members: [] } },
        ),
      },
    ],
    rival: otherAdded,
  },
  'apis/list': {
    run: (context) => listApis(context, 'all', { filter: { search: 'https' }, sort: 'name', most: 10 }),
    events: [],
  },
  'manifest/exporting/export-apis': {
    run: (context) => exportApis(context, 'all', { filter: {}, sort: 'audience', most: 10 }),
    events: [],
  },
  'manifest/exporting/export-clients': {
    run: (context) => exportClients(context, 'all', { filter: {}, sort: 'id', most: 10 }),
    events: [],
  },
  'clients/search': {
    run: (context) => searchClients(context, ['team'], { filter: { search: 'j' }, sort: 'id', most: 10 }),
    events: [],
  },
  'clients/count': { run: (context) => countClients(context, 'all', { search: 'j' }), events: [] },
  'credentials/search': {
    run: (context) => searchCredentials(context, 'all', { filter: { client: JOB }, sort: 'expiry', most: 10 }),
    events: [],
  },
  'credentials/count': { run: (context) => countCredentials(context, 'all', { kind: 'secret' }), events: [] },
  'settings/put-client': {
    run: (context) =>
      putClient(context, {
        id: ClientId('new'),
        wanted: () => clientSchema.parse({ client_id: 'new', scopes: ['edit'] }),
      }),
    events: [{ type: 'client.add', clientId: 'new' }],
    rival: renamed,
  },
  'settings/put-client, with a generated secret': {
    run: (context) => {
      const input = clientSchema.parse({ client_id: 'new', credentials: [{ label: 'first' }] })
      return putClient(context, { id: ClientId('new'), wanted: () => input })
    },
    events: [{ type: 'client.add', clientId: 'new' }],
    rival: renamed,
  },
  'settings/put-client, an existing one': {
    run: (context) =>
      putClient(context, {
        id: JOB,
        wanted: (before) => {
          if (before === undefined || 'problem' in before) throw new Error('the client cannot be read')
          return { ...clientSchema.parse(fromClient(before)), description: 'nightly', enabled: false }
        },
      }),
    events: [
      {
        type: 'client.change',
        clientId: JOB,
        ...client(
          JOB,
          { description: null, enabled: true, disabledAt: null },
          { description: 'nightly', enabled: false, disabledAt: TIME },
        ),
      },
    ],
    rival: renamed,
  },
  'settings/put-api': {
    run: (context) =>
      putApi(context, {
        audience: Audience('https://new.example.com'),
        wanted: () => apiSchema.parse({ audience: 'https://new.example.com', scopes: [{ name: 'see' }] }),
      }),
    events: [{ type: 'api.add' }],
    rival: renamed,
  },
  'apis/show': { run: (context) => showApi(context, 'https://api.example.com'), events: [] },
  'revocations/list': { run: (context) => listRevocations(context, 0, 10), events: [] },
  'clients/show': { run: (context) => showClient(context, JOB), events: [] },
  'clients/disable': {
    run: (context) => disableClient(context, JOB),
    events: [
      {
        type: 'client.change',
        clientId: JOB,
        ...client(JOB, { enabled: true, disabledAt: null }, { enabled: false, disabledAt: TIME }),
      },
    ],
    rival: renamed,
  },
  'clients/enable': {
    run: (context) => enableClient(context, OFF),
    events: [
      {
        type: 'client.change',
        clientId: OFF,
        ...client(OFF, { enabled: false, disabledAt: TIME }, { enabled: true, disabledAt: null }),
      },
    ],
    rival: renamed,
  },
  'credentials/effect': { run: (context) => credentialEffect(context, { client: JOB, name: 'first' }), events: [] },
  'credentials/list': { run: (context) => listCredentials(context, JOB), events: [] },
  'credentials/lost-secrets': { run: listLostSecrets, prepare: loseSecret, events: [] },
  'credentials/add': {
    run: (context) => addCredential(context, { client: JOB, spec: SPEC, show }),
    events: [{ type: 'credential.add', clientId: JOB, ...credential(null, made({ label: 'another' })) }],
    rival: added,
  },
  'credentials/rotate': {
    run: (context) => rotateCredential(context, { client: JOB, name: 'first', spec: SPEC, overlap: HOUR, show }),
    events: [
      {
        type: 'credential.rotate',
        clientId: JOB,
        ...changes(
          { ...ofJob, before: { expiresAt: null }, after: { expiresAt: TIME } },
          { ...ofJob, before: null, after: made({ label: 'another', replaces: ID }) },
        ),
      },
    ],
    rival: added,
  },
  'credentials/cancel': {
    run: (context) => cancelRotation(context, { client: JOB, name: 'own' }),
    events: [
      {
        type: 'credential.cancel',
        clientId: JOB,
        ...changes(
          { ...ofJob, before: { expiresAt: TIME }, after: { expiresAt: null } },
          { ...ofJob, before: made({ label: 'next', replaces: ID }), after: null },
        ),
      },
    ],
    rival: added,
  },
  'credentials/revoke': {
    run: (context) => revokeCredential(context, { client: JOB, name: 'first' }),
    events: [{ type: 'credential.revoke', clientId: JOB, ...credential({ revokedAt: null }, { revokedAt: TIME }) }],
    rival: added,
  },
  'credentials/remove': {
    run: (context) => removeCredential(context, { client: JOB, name: 'first' }),
    events: [{ type: 'credential.remove', clientId: JOB, ...credential(made({ label: 'first' }), null) }],
    rival: added,
  },
  'credentials/label': {
    run: (context) => labelCredential(context, { client: JOB, name: 'next', label: 'current' }),
    events: [{ type: 'credential.change', clientId: JOB, ...credential({ label: 'next' }, { label: 'current' }) }],
    rival: added,
  },
  'credentials/forget-secret': {
    run: async (context) => {
      for (const lost of await listLostSecrets(context)) await forgetSecret(context, lost)
    },
    prepare: loseSecret,
    events: [
      { type: 'credential.change', clientId: JOB, ...credential({ retrievable: true }, { retrievable: false }) },
    ],
    rival: signingRevoked,
  },
  'credentials/rewrap': {
    run: (context) => rewrapSecrets(rekeyed(context), () => {}),
    prepare: (rows) => rows.run('update master_key set master_key_id = ?', NEW_MASTER.id),
    events: [{ type: 'credential.change', clientId: JOB, ...credential(IDS.before, IDS.after) }],
    rival: signingRevoked,
  },
  'groups/list': { run: (context) => listGroups(context, { most: 10 }), events: [] },
  'groups/show': { run: (context) => showGroup(context, TEAM), events: [] },
  'groups/put': {
    run: (context) => putGroup(context, { name: TEAM, wanted: () => ({ description: 'Payments', members: [] }) }),
    events: [
      {
        type: 'group.change',
        ...group({ description: null, ...MEMBERS }, { description: 'Payments', members: [] }),
      },
    ],
    rival: groupChanged,
  },
  'groups/put, of a new one': {
    run: (context) => putGroup(context, { name: 'new', wanted: () => ({ members: [] }) }),
    events: [{ type: 'group.add', ...changes({ thing: 'group', id: 'new', before: null, after: { members: [] } }) }],
    rival: groupChanged,
  },
  'groups/delete': {
    run: (context) => deleteGroup(context, { name: TEAM }),
    events: [{ type: 'group.delete', ...group(MEMBERS, null) }],
    rival: otherAdded,
  },
  'keys/list': { run: listKeys, events: [] },
  'keys/effect': {
    run: async (context) => keyEffect(context, (await listKeys(context)).found[0]?.kid ?? ''),
    events: [],
  },
  'keys/inspect': { run: (context) => inspectKeys(context, false), prepare: breakActiveKey, events: [] },
  'keys/rotate': {
    run: (context) => rotateKeys(context, { algorithm: 'ES256', atOnce: false }),
    events: [{ type: 'key.change', ...key(null, { algorithm: 'ES256', state: 'pending', activeAt: TIME }) }],
    rival: keyAdded,
  },
  'keys/roll-back': {
    run: (context) => rollBackKeys(context, 'ES256'),
    events: [
      {
        type: 'key.change',
        ...key({ state: 'retiring', activeAt: TIME, goneAt: TIME }, { state: 'active', activeAt: TIME, goneAt: null }),
      },
      { type: 'key.change', ...key({ state: 'active', goneAt: null }, { state: 'retiring', goneAt: TIME }) },
    ],
    rival: keyRevoked,
  },
  'keys/revoke': {
    run: async (context) => revokeKey(context, await kidOf(context, 'active')),
    events: [
      { type: 'key.change', ...key(null, { algorithm: 'ES256', state: 'pending', activeAt: TIME }) },
      { type: 'key.change', ...key({ state: 'active', goneAt: null }, { state: 'revoked', goneAt: TIME }) },
    ],
    rival: keyRevoked,
  },
  'keys/repair': {
    run: (context) => repairKeys(context, false),
    prepare: breakActiveKey,
    events: [
      { type: 'key.change', ...key({ state: 'active', goneAt: null }, { state: 'retiring', goneAt: TIME }) },
      {
        type: 'key.change',
        ...key({ state: 'retiring', activeAt: TIME, goneAt: TIME }, { state: 'active', activeAt: TIME, goneAt: null }),
      },
    ],
    rival: keyAdded,
  },
  'keys/repair, with a lost master key': {
    run: (context) => repairKeys(rekeyed(context, OTHER_MASTER), true),
    events: [
      {
        type: 'master_key.change',
        ...changes({
          thing: 'master key',
          id: OTHER_MASTER.id,
          before: { id: expect.any(String) },
          after: { id: OTHER_MASTER.id },
        }),
      },
      { type: 'key.change', ...key(null, { algorithm: 'ES256', state: 'pending', activeAt: TIME }) },
      { type: 'key.change', ...key({ state: 'active', goneAt: null }, { state: 'retiring', goneAt: TIME }) },
    ],
    isStepwise: true,
    rival: apiRevoked,
  },
  'keys/rewrap': {
    run: (context) => rewrapKeys(rekeyed(context), () => {}),
    events: [
      {
        type: 'master_key.change',
        ...changes({
          thing: 'master key',
          id: NEW_MASTER.id,
          before: { id: expect.any(String) },
          after: { id: NEW_MASTER.id },
        }),
      },
      { type: 'key.change', ...key(IDS.before, IDS.after) },
      { type: 'key.change', ...key(IDS.before, IDS.after) },
    ],
    isStepwise: true,
    rival: keyRevoked,
  },
  'revocations/add': {
    run: (context) => addRevocation(context, { kind: 'client', id: JOB }),
    events: [
      {
        type: 'revocation.add',
        ...changes({
          thing: 'revocation',
          id: JOB,
          before: null,
          after: { kind: 'client', issuedBefore: TIME, expiresAt: TIME },
        }),
      },
    ],
    rival: apiRevoked,
  },
  'manifest/apply': {
    run: (context) =>
      apply(
        context,
        `apis: [{ audience: "https://other.example.com", scopes: [{ name: "${'s'.repeat(250)}" }] }]\nclients: [{ client_id: off, scopes: [read], credentials: [{ label: given, secret: ${GIVEN_SECRET} }] }]`,
      ),
    events: [
      {
        type: 'manifest.apply',
        ...changes(
          {
            thing: 'api',
            id: 'https://other.example.com',
            before: null,
            // Events cut long values.
            after: { scopes: expect.stringMatching(/^\[\{"name":"s{246}…$/), token: {} },
          },
          { thing: 'client', id: OFF, before: { scopes: ['edit'] }, after: { scopes: ['read'] } },
          { thing: 'credential', id: ID, name: 'given', client: OFF, before: null, after: made({ label: 'given' }) },
        ),
      },
    ],
    rival: jobDisabled,
  },
  // The secrets, the memberships and the scopes of a client pass to its new id, and another client is pruned.
  'manifest/apply,rename': {
    prepare: (rows) => {
      rows.run("update client set manifest = 'm' where client_id = 'off'")
      rows.run("update client_use set manifest = 'm' where client_id = 'off'")
    },
    run: (context) => apply(context, RENAMED, { prune: true, takeOver: true }),
    events: [{ type: 'manifest.apply' }],
    rival: added,
  },
  'audit/verify': { run: (context) => verifyAudit(context), events: [] },
  'audit/rotate-key': {
    run: (context) => rotateAuditKey(context),
    events: [{ type: 'audit_key.change', ...replacedAuditKey }],
    rival: apiRevoked,
  },
  'audit/repair-key': {
    run: (context) => repairAuditKey(context),
    prepare: (rows) => rows.run(`update audit_key set encrypted_private_key = x'00'`),
    events: [{ type: 'audit_key.change', ...replacedAuditKey }],
    rival: apiRevoked,
  },
  'audit/rewrap-key': {
    run: async (context) => {
      await rewrapKeys(rekeyed(context), () => {})
      return rewrapAuditKey(rekeyed(context), () => {})
    },
    events: [
      { type: 'master_key.change' },
      { type: 'key.change', ...key(IDS.before, IDS.after) },
      { type: 'key.change', ...key(IDS.before, IDS.after) },
      {
        type: 'audit_key.change',
        ...changes({ thing: 'audit key', id: KID, before: { ...IDS.before }, after: { ...IDS.after } }),
      },
    ],
    isStepwise: true,
    rival: apiRevoked,
  },
  'database/accept-restored': {
    run: (context) => acceptRestored(context, 'backup.db'),
    events: [{ type: 'database.restore' }],
    rival: apiRevoked,
  },
  'explanations/explain,request': {
    run: (context) => explainRequest(explaining(context), { kind: 'request', id: 'r' }),
    prepare: recordRefusal,
    events: [],
  },
  'explanations/explain,client': {
    run: (context) => explainClient(explaining(context), { client: OFF, last: 1 }),
    prepare: recordRefusal,
    events: [],
  },
  'tokens/inspect': {
    run: async (context) => {
      const { masterKey } = context
      const signer = await (await Keyring.open(context.store.keys, masterKey)).signer('ES256')
      const claims = { iss: 'https://issuer', aud: API, client_id: OFF, iat: 0, exp: 1, jti: 'j' }
      const token = await signer.sign(
        [{ alg: 'ES256', kid: signer.kid }, claims].map((part) => encode(JSON.stringify(part))).join('.'),
      )
      return inspectToken({ ...context, issuer: undefined, masterKey: () => masterKey }, { token, asked: JOB })
    },
    events: [],
  },
  'usage/read,totals': { run: (context) => readTotals(context, USAGE), events: [] },
  'usage/read': { run: (context) => readUsage(context, { ...USAGE, by: 'client', limit: 10 }), events: [] },
  'usage/top': { run: (context) => topUsage(context, { ...USAGE, of: 'client', by: 'issued', limit: 10 }), events: [] },
  'usage/wasteful': { run: (context) => listWasteful(context, { ...USAGE, limit: 10 }), events: [] },
  'usage/credentials': { run: (context) => usageOfCredentials(context, { ...USAGE, client: JOB }), events: [] },
}

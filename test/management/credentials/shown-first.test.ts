import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addCredential } from '../../../src/management/credentials/add.ts'
import type { ShowSecret } from '../../../src/management/credentials/change.ts'
import type { MakingContext } from '../../../src/management/credentials/make.ts'
import { rotateCredential } from '../../../src/management/credentials/rotate.ts'
import { applyManifest } from '../../../src/management/manifest/apply.ts'
import { parseManifest } from '../../../src/management/manifest/reading/parse.ts'
import { noSecrets } from '../../../src/management/manifest/secret-source.ts'
import { sha256 } from '../../../src/model/credentials/secret-hash.ts'
import { TEST_SETTINGS } from '../../harness/apply-settings.ts'
import { GENERATED, HOUR, JOB, jobWith, openSetting, type Setting } from '../../harness/credential-setting.ts'
import { newSecret } from '../../harness/model.ts'

let setting: Setting
beforeEach(async () => {
  setting = await openSetting()
  await setting.apply(jobWith(`{ label: first, secret: ${newSecret()} }`))
})
afterEach(() => setting.close())

const unseen = (): void => {}
/** The setting with one of its stores changed. */
const withStore = (changes: Partial<MakingContext['store']>): MakingContext => ({
  ...setting.context,
  store: { ...setting.store, ...changes },
})
const labels = async () => (await setting.credentials()).map(({ label }) => label).sort()

describe('a secret is shown before its credential exists', () => {
  const spec = { ...GENERATED, label: 'next' }
  const ways: [string, (show: ShowSecret, context?: MakingContext) => Promise<unknown>][] = [
    ['add', (show, context = setting.context) => addCredential(context, { client: JOB, spec, show })],
    [
      'rotate',
      (show, context = setting.context) =>
        rotateCredential(context, { client: JOB, name: 'first', spec, overlap: HOUR, show }),
    ],
  ]
  test.each(ways)('%s: creates nothing if showing fails', async (_name, make) => {
    const before = await setting.credentials()
    const failing = make(() => {
      throw new Error('nobody reads it')
    })
    await expect(failing).rejects.toThrow('nobody reads it')
    expect(await setting.credentials()).toEqual(before)
  })

  test.each(ways)('%s: creates no credential under another label than the one shown', async (_name, make) => {
    const { model } = setting.store
    const shown: unknown[] = []
    const slow: MakingContext['store']['model'] = Object.assign(Object.create(model), {
      updateCredentials: async (...args: Parameters<typeof model.updateCredentials>) => {
        // A concurrent command adds its credential first.
        await addCredential(setting.context, { client: JOB, spec, show: unseen })
        return model.updateCredentials(...args)
      },
    })
    const made = make(({ credential }) => shown.push(credential.label), withStore({ model: slow }))
    await expect(made).rejects.toThrow('"next" at the same time')
    expect(shown).toEqual(['next'])
    expect(await labels()).toEqual(['first', 'next'])
  })

  test.each(ways)('%s: a mistake is found before anything is shown', async (_name, make) => {
    const shown: unknown[] = []
    await rotateCredential(setting.context, {
      client: JOB,
      name: 'first',
      spec: GENERATED,
      overlap: HOUR,
      show: unseen,
    })
    const outcome = await make((made) => shown.push(made)).then(
      () => 'made',
      () => 'refused',
    )
    expect([outcome, shown.length]).toEqual(_name === 'add' ? ['made', 1] : ['refused', 0])
  })
})

describe('a manifest with secrets that were already shown', () => {
  const manifest = jobWith('{ label: generated }')
  const applying = (text: string, show: () => void, commit = setting.store.model.commit.bind(setting.store.model)) =>
    applyManifest(
      withStore({
        model: {
          snapshot: (ids) => setting.store.model.snapshot(ids),
          listClients: (after, most) => setting.store.model.listClients(after, most),
          clientsWithSubject: (some) => setting.store.model.clientsWithSubject(some),
          lastUses: (ids) => setting.store.model.lastUses(ids),
          updateClient: (id, plan) => setting.store.model.updateClient(id, plan),
          listReferences: (after, most) => setting.store.model.listReferences(after, most),
          ownedBy: (manifest, after, most) => setting.store.model.ownedBy(manifest, after, most),
          deleteClient: (id, plan) => setting.store.model.deleteClient(id, plan),
          deleteApi: (audience, found, plan) => setting.store.model.deleteApi(audience, found, plan),
          updateCredentials: (id, plan) => setting.store.model.updateCredentials(id, plan),
          commit,
        },
      }),
      {
        parsed: parseManifest('test.yaml', text),
        source: noSecrets,
        server: TEST_SETTINGS,
        allowDestroy: true,
        dryRun: false,
        show,
      },
    )
  /** Commits after another manifest was applied. */
  const oncePreceded = (other: string) => {
    let isFirst = true
    return async (...args: Parameters<typeof setting.store.model.commit>) => {
      if (isFirst) await setting.apply(other)
      isFirst = false
      return setting.store.model.commit(...args)
    }
  }

  test('is applied after a concurrent change, with the very secrets that were shown', async () => {
    const shown: string[] = []
    const plan = await applying(
      manifest,
      () => shown.push('once'),
      oncePreceded('clients: [{ client_id: another, scopes: [edit] }]'),
    )
    expect(shown).toEqual(['once'])
    const [generated] = plan.generated
    const [kept] = (await setting.credentials()).filter(({ label }) => label === 'generated')
    expect(kept).toMatchObject({ hash: { digest: sha256(generated?.secret ?? '') } })
  })

  test('is not applied if a concurrent change made the same credential: the shown secret would be wrong', async () => {
    let shown = 0
    const applied = applying(
      manifest,
      () => {
        shown += 1
      },
      oncePreceded(manifest),
    )
    await expect(applied).rejects.toThrow('at the same time: try again')
    expect(shown).toBe(1)
    expect(await labels()).toEqual(['generated'])
  })

  test('is not applied if the secrets could not be shown', async () => {
    const applied = applying(manifest, () => {
      throw new Error('nobody reads it')
    })
    await expect(applied).rejects.toThrow('nobody reads it')
    expect(await labels()).toEqual(['first'])
  })
})

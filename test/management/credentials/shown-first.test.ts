import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type AddingOperations,
  addCredential,
  rotateCredential,
} from '../../../src/management/credentials/operations.ts'
import { applyManifest } from '../../../src/management/manifest/apply.ts'
import { parseManifest } from '../../../src/management/manifest/parse.ts'
import { sha256 } from '../../../src/model/credentials/secret-hash.ts'
import { GENERATED, HOUR, JOB, jobWith, openSetting, type Setting } from '../../harness/credential-setting.ts'
import { newSecret } from '../../harness/model.ts'

let setting: Setting
beforeEach(async () => {
  setting = await openSetting()
  await setting.apply(jobWith(`{ label: first, secret: ${newSecret()} }`))
})
afterEach(() => setting.close())

/** Operations whose secrets are shown to `show`. */
const showing = (show: AddingOperations['show']): AddingOperations => ({ ...setting.operations, show })
const labels = async () => (await setting.credentials()).map(({ label }) => label).sort()

describe('a secret is shown before its credential is there', () => {
  const ways: [string, (operations: AddingOperations) => Promise<unknown>][] = [
    ['add', (operations) => addCredential(operations, JOB, { ...GENERATED, label: 'next' })],
    ['rotate', (operations) => rotateCredential(operations, JOB, 'first', { ...GENERATED, label: 'next' }, HOUR)],
  ]
  test.each(ways)('%s: and not made where that fails', async (_name, make) => {
    const before = await setting.credentials()
    const failing = make(
      showing(() => {
        throw new Error('nobody reads it')
      }),
    )
    await expect(failing).rejects.toThrow('nobody reads it')
    expect(await setting.credentials()).toEqual(before)
  })

  test.each(ways)('%s: and not kept under a label other than the one shown', async (_name, make) => {
    const { store } = setting.operations
    const shown: unknown[] = []
    const made = make({
      ...showing(({ credential }) => shown.push(credential.label)),
      store: {
        listCredentials: (client) => store.listCredentials(client),
        updateCredentials: async (...args) => {
          // Somebody else is quicker.
          await addCredential(
            showing(() => {}),
            JOB,
            { ...GENERATED, label: 'next' },
          )
          return store.updateCredentials(...args)
        },
      },
    })
    await expect(made).rejects.toThrow('"next" at the same time')
    expect(shown).toEqual(['next'])
    expect(await labels()).toEqual(['first', 'next'])
  })

  test.each(ways)('%s: a mistake is found before anything is shown', async (_name, make) => {
    const shown: unknown[] = []
    await rotateCredential(
      showing(() => {}),
      JOB,
      'first',
      GENERATED,
      HOUR,
    )
    const outcome = await make(showing((made) => shown.push(made))).then(
      () => 'made',
      () => 'refused',
    )
    expect([outcome, shown.length]).toEqual(_name === 'add' ? ['made', 1] : ['refused', 0])
  })
})

describe('a manifest whose secrets were shown', () => {
  const manifest = jobWith('{ label: generated }')
  const applying = (
    text: string,
    show: () => void,
    commit = setting.store.manifest.commit.bind(setting.store.manifest),
  ) =>
    applyManifest(parseManifest('test.yaml', text), {
      store: {
        snapshot: (ids) => setting.store.manifest.snapshot(ids),
        listClients: (after, most) => setting.store.manifest.listClients(after, most),
        lastUses: (ids) => setting.store.manifest.lastUses(ids),
        commit,
      },
      maker: setting.operations.maker,
      env: {},
      dryRun: false,
      show,
    })
  /** Commits once somebody else has applied another manifest. */
  const oncePreceded = (other: string) => {
    let isFirst = true
    return async (...args: Parameters<typeof setting.store.manifest.commit>) => {
      if (isFirst) await setting.apply(other)
      isFirst = false
      return setting.store.manifest.commit(...args)
    }
  }

  test('is applied after a change of others with the very secrets that were shown', async () => {
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

  test('is not applied where others have made the same credential: what was shown would be wrong', async () => {
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

  test('is not applied where they could not be shown', async () => {
    const applied = applying(manifest, () => {
      throw new Error('nobody reads it')
    })
    await expect(applied).rejects.toThrow('nobody reads it')
    expect(await labels()).toEqual(['first'])
  })
})

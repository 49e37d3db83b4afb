import { join } from 'node:path'
import { onTestFinished, test } from 'vitest'
import { MasterKey } from '../../../src/crypto/master-key.ts'
import { ClientId } from '../../../src/oauth/ids.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { ManifestKeeper } from '../../../src/server/manifest/keeper.ts'
import { openStore } from '../../../src/store/open.ts'
import { TEST_SETTINGS } from '../../harness/apply-settings.ts'
import { emptyDatabase } from '../../harness/empty-database.ts'
import { contextOf } from '../../harness/management.ts'
import { until } from '../../harness/until.ts'
import { newFolder } from './setting.ts'

const manifestOf = (id: string, variable: string): string =>
  `clients: [{ client_id: ${id}, credentials: [{ label: a, secret_env: ${variable} }] }]`

test.each(['its first reading', 'a later reading'])(
  'a refused file that changes right after %s is read again',
  async (when) => {
    const folder = newFolder({ 'one.yaml': manifestOf('before', 'MISSING') })
    const secret = 'a secret that a person chose, and long enough'
    let afterReading = () => {}
    const store = await openStore(emptyDatabase(join(newFolder().path, 'tessera.db')), systemClock)
    onTestFinished(() => store.close())
    const context = contextOf(store, systemClock, new MasterKey(Buffer.alloc(32, 1), systemRandom))
    const keeper = new ManifestKeeper({
      names: [folder.path],
      // The secrets are read after the files.
      env: new Proxy(
        { KEEPER_SECRET: secret },
        {
          get: (variables, name) => {
            afterReading()
            return Reflect.get(variables, name)
          },
        },
      ),
      clock: systemClock,
      log: { info: () => {}, warn: () => {}, error: () => {} },
      changes: store.changes,
      contextOf: () => context,
      key: async () => Buffer.alloc(32),
      allowDestroy: () => true,
      settings: () => TEST_SETTINGS,
    })
    const changeOnce = () => {
      folder.write('one.yaml', manifestOf('after', 'KEEPER_SECRET'))
      afterReading = () => {}
    }
    if (when === 'its first reading') afterReading = changeOnce
    await keeper.start(false)
    if (when === 'a later reading') {
      folder.write('one.yaml', manifestOf('between', 'MISSING'))
      afterReading = changeOnce
    }
    await until(async () => {
      await keeper.check()
      return (await store.directory.loadClient(ClientId('after'))) !== undefined
    })
  },
)

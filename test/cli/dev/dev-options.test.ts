import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { developmentOptions } from '../../../src/cli/dev/options.ts'
import { loadOptions } from '../../../src/config/load.ts'
import { optionInfos } from '../../../src/config/option-infos.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'

const data = mkdtempSync(join(tmpdir(), 'tessera-dev-options-'))
afterAll(() => rmSync(data, { recursive: true }))

/** A non-default value for each option that `tessera dev` accepts. It refuses every value of `storage`. */
const GIVEN: Readonly<Record<string, string>> = {
  data,
  issuer: 'https://auth.example.com',
  storage_password_file: '/password',
  master_key_file: '/master.key',
  previous_master_key_file: '/previous.key',
  manifest: '/manifest',
  manifest_allow_destroy: 'off',
  workers: 'auto',
  'runtime.host': '127.0.0.2',
  'runtime.tls': 'off',
  'runtime.trusted_proxies': '10.0.0.1',
  'runtime.forwarded_header': 'forwarded',
  'runtime.certificate_header': 'envoy',
  'admin.host': '127.0.0.3',
  'tls.client_ca': '/clients.pem',
  'assertions.algorithms': 'ES256',
  'assertions.audience': 'string',
  'dpop.require_nonce': 'on',
  'dpop.algorithms': 'PS256',
  'outbound.allow': '10.0.0.2',
  'outbound.ca': '/outbound.pem',
  'log.level': 'debug',
  'traces.endpoint': 'http://localhost:4318/v1/traces',
  'traces.ratio': '0.5',
}
/** Both are given, or both are made. */
const CERTIFICATE = { 'tls.cert': '/cert.pem', 'tls.key': '/key.pem' }

const read = (options: object, key: string): unknown =>
  key.split('.').reduce<unknown>((node, part) => (node as Record<string, unknown> | undefined)?.[part], options)

async function develop(flags: Readonly<Record<string, string>>) {
  const options = loadOptions({ env: {}, flags })
  return { options, developed: await developmentOptions(options, (key) => key in flags, systemClock, systemRandom) }
}

test('development keeps the given options', async () => {
  const numbers = optionInfos.flatMap(({ key, fallback }) =>
    typeof fallback === 'number' ? [[key, String(fallback + 1)]] : [],
  )
  const flags: Record<string, string> = { ...Object.fromEntries(numbers), ...GIVEN }
  const all = { ...flags, ...CERTIFICATE }
  for (const given of [flags, all]) {
    const { options, developed } = await develop(given)
    const changed = Object.keys(given).filter((key) => read(developed, key) !== read(options, key))
    expect(changed).toEqual([])
  }
})

test('it adds what is needed to start', async () => {
  const { developed } = await develop({ data })
  expect(developed).toMatchObject({
    issuer: 'https://localhost:9031',
    runtime: { host: 'localhost' },
    tls: { cert: expect.stringMatching(/cert\.pem$/), key: expect.stringMatching(/key\.pem$/) },
    master_key_file: join(data, 'master.key'),
  })
})

test('changes of a manifest in development may end things, unless an option says otherwise', async () => {
  expect((await develop({ data })).developed.manifest_allow_destroy).toBe('on')
  expect((await develop({ data, manifest_allow_destroy: 'off' })).developed.manifest_allow_destroy).toBe('off')
})

import { expect, test } from 'vitest'
import { loadOptions } from '../../src/config/load.ts'
import { optionInfos } from '../../src/config/option-infos.ts'
import { shownOptions } from '../../src/config/shown.ts'

const SECRETS = { master: 'bWFzdGVyIGtleSBvZiBhIHRlc3QsIDMyIGJ5dGVzISE=', database: 'd4tabase', proxy: 'pr0xy' }

test('options are shown by their names, without secrets', () => {
  const shown = shownOptions(
    loadOptions({
      env: {},
      flags: {
        issuer: 'https://auth.example.com',
        storage: `postgres://tessera:${SECRETS.database}@db.example.com/tessera`,
        master_key: SECRETS.master,
        'outbound.proxy': `http://user:${SECRETS.proxy}@proxy.example.com:3128`,
      },
    }),
  )
  const text = JSON.stringify(shown)
  for (const secret of Object.values(SECRETS)) expect(text).not.toContain(secret)
  expect(shown).toMatchObject({ issuer: 'https://auth.example.com', token: { lifetime: 14_400 } })
  expect(text).toContain('db.example.com')
  expect(text).toContain('proxy.example.com:3128')
  for (const { key } of optionInfos.filter((option) => option.key !== 'master_key'))
    expect(Object.keys(shown)).toContain(key.split('.')[0])
})

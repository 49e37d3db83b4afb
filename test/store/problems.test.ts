import { once } from 'node:events'
import { openSync } from 'node:fs'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { explainDatabase } from '../../src/store/problems.ts'
import { freePort } from '../harness/port.ts'

const PATH = '/no-such-folder/deep/tessera.db'

function opening(path: string): unknown {
  try {
    return openSync(path, 'r')
  } catch (error) {
    return error
  }
}

test.each(['', '-wal', '-shm', '-journal'])('an error about a database’s file %j is explained', (end) => {
  expect(explainDatabase(opening(`${PATH}${end}`), `sqlite:${PATH}`)).toMatchObject({
    message: `storage: sqlite:${PATH} can't be used: there is no such file or folder`,
  })
})

test('an error about a folder above the database is explained', () => {
  expect(explainDatabase(opening('/no-such-folder'), `sqlite:${PATH}`)).toMatchObject({ name: 'UserError' })
})

test('an error about another file, or about the network, is not the database’s', async () => {
  const others = ['/no-such-folder/deep/tessera.db.copy', '/no-such-folder/deep/tes', '/no-such'].map(opening)
  const refused = await once(connect({ host: '127.0.0.1', port: await freePort() }), 'connect').catch(
    (error: unknown) => error,
  )
  expect(refused).toMatchObject({ code: 'ECONNREFUSED' })
  for (const error of [...others, refused]) expect(explainDatabase(error, `sqlite:${PATH}`)).toBe(error)
})

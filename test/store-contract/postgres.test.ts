import { afterAll, beforeAll } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { ACCESS } from './access.ts'
import { storeContract } from './contract.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

storeContract('PostgreSQL', async () => {
  const url = await postgres.newDatabase()
  return { open: (clock) => openStore(url, clock, ACCESS), destroy: async () => {} }
})

import pg from 'pg'
import { expect, test } from 'vitest'
import { extent } from './extent.ts'
import { startPostgres } from './postgres.ts'

test('a server is suspended while its clients write, goes on, and can be stopped while it is suspended', async () => {
  const postgres = await startPostgres()
  const pool = new pg.Pool({ connectionString: await postgres.newDatabase(), max: 20 })
  pool.on('error', () => {})
  await pool.query('create table written (n serial)')
  let isOver = false
  const write = async () => {
    while (!isOver) await pool.query('insert into written default values').catch(() => {})
  }
  const writing = Array.from({ length: 20 }, write)
  const written = async () => Number((await pool.query<{ n: string }>('select count(*) n from written')).rows[0]?.n)
  let before = 0
  // A suspended process may hold any lock.
  for (let times = 0; times < extent(20, 300); times += 1) {
    const thaw = await postgres.freeze()
    await thaw()
    const now = await written()
    expect(now).toBeGreaterThan(before)
    before = now
  }
  await postgres.freeze()
  await postgres.stop()
  isOver = true
  await Promise.all(writing)
  await pool.end()
})

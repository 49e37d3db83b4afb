import { describe, expect, test } from 'vitest'
import type { Api } from '../../../src/model/api.ts'
import type { Client } from '../../../src/model/client.ts'
import { Directory } from '../../../src/model/directory/directory.ts'
import { Audience, ClientId } from '../../../src/oauth/ids.ts'
import { clientWith } from '../../harness/client-record.ts'

const clientNamed = (id: string, name: string): Client => clientWith({ id: ClientId(id), name })

/** A store whose reads can be counted and held. */
function createStore(names: Record<string, string>) {
  const state = { loads: 0, held: undefined as Promise<void> | undefined, apis: [] as Api[], failing: false }
  const loadClient = async (id: ClientId) => {
    state.loads += 1
    const name = names[id]
    if (state.failing) throw new Error('the database is away')
    await state.held
    return name === undefined ? undefined : clientNamed(id, name)
  }
  return {
    state,
    names,
    store: {
      loadClient,
      loadApis: async () => {
        if (state.failing) throw new Error('the database is away')
        return { found: state.apis, unreadable: [] }
      },
      clientsTrusting: async () => [],
    },
  }
}

const A = ClientId('a')
const onUnreadable = (): void => {}

describe('the directory', () => {
  test('reads a client once, and again after a change', async () => {
    const { state, names, store } = createStore({ a: 'first' })
    const directory = await Directory.open(store, { room: { clients: 10 }, onUnreadable })
    expect((await directory.client(A))?.name).toBe('first')
    expect(directory.client(A)).not.toBeInstanceOf(Promise)
    names['a'] = 'second'
    await directory.apply([{ kind: 'client', id: 'b' }])
    expect((await directory.client(A))?.name).toBe('first')
    await directory.apply([{ kind: 'client', id: 'a' }])
    expect((await directory.client(A))?.name).toBe('second')
    expect(state.loads).toBe(2)
  })

  test('remembers an unknown client until it exists', async () => {
    const { state, names, store } = createStore({})
    const directory = await Directory.open(store, { room: { clients: 10 }, onUnreadable })
    for (let i = 0; i < 3; i += 1) expect(await directory.client(A)).toBeUndefined()
    expect(state.loads).toBe(1)
    names['a'] = 'new'
    await directory.apply([{ kind: 'client', id: 'a' }])
    expect((await directory.client(A))?.name).toBe('new')
  })

  test('reads once for all waiting requests', async () => {
    const { state, store } = createStore({ a: 'first' })
    const directory = await Directory.open(store, { room: { clients: 10 }, onUnreadable })
    const found = await Promise.all(Array.from({ length: 100 }, () => directory.client(A)))
    expect(new Set(found).size).toBe(1)
    expect(state.loads).toBe(1)
  })

  test('doesn’t keep a client that changed during the read', async () => {
    const { state, names, store } = createStore({ a: 'old' })
    const directory = await Directory.open(store, { room: { clients: 10 }, onUnreadable })
    let release = () => {}
    state.held = new Promise((resolve) => {
      release = resolve
    })
    const reading = directory.client(A)
    names['a'] = 'new'
    await directory.apply([{ kind: 'client', id: 'a' }])
    release()
    expect((await reading)?.name).toBe('old')
    expect((await directory.client(A))?.name).toBe('new')
  })

  test('passes a failed read on, and doesn’t remember it', async () => {
    const { state, store } = createStore({ a: 'first' })
    const directory = await Directory.open(store, { room: { clients: 10 }, onUnreadable })
    state.failing = true
    await expect(directory.client(A)).rejects.toThrow('the database is away')
    state.failing = false
    expect((await directory.client(A))?.name).toBe('first')
  })

  test('survives a failed read that nobody waits for', async () => {
    const { state, store } = createStore({ a: 'first' })
    const directory = await Directory.open(store, { room: { clients: 10 }, onUnreadable })
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    state.failing = true
    directory.client(A)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  test('keeps a bounded number of clients, and guessed ids evict none', async () => {
    const { state, store } = createStore(Object.fromEntries(['a', 'b', 'c'].map((id) => [id, id])))
    const directory = await Directory.open(store, { room: { clients: 2 }, onUnreadable })
    for (const id of ['a', 'b']) await directory.client(ClientId(id))
    for (let i = 0; i < 50; i += 1) await directory.client(ClientId(`guess ${i}`))
    const before = state.loads
    for (const id of ['a', 'b']) await directory.client(ClientId(id))
    expect(state.loads).toBe(before)
    await directory.client(ClientId('c'))
    await directory.client(A)
    expect(state.loads).toBe(before + 2)
  })

  test('keeps its content while the APIs can’t be reloaded, and drops it once they can', async () => {
    const { state, names, store } = createStore({ a: 'first' })
    const directory = await Directory.open(store, { room: { clients: 2 }, onUnreadable })
    await directory.client(A)
    names['a'] = 'second'
    state.failing = true
    await expect(directory.reset()).rejects.toThrow('the database is away')
    expect(await directory.client(A)).toMatchObject({ name: 'first' })
    state.failing = false
    await directory.reset()
    expect(await directory.client(A)).toMatchObject({ name: 'second' })
  })

  test('reads the APIs again after a change of one', async () => {
    const { state, store } = createStore({})
    const directory = await Directory.open(store, { room: { clients: 2 }, onUnreadable })
    state.apis = [
      {
        audience: Audience('https://a'),
        name: undefined,
        scopes: [],
        token: {},
        require: undefined,
        manifest: undefined,
      },
    ]
    expect(directory.apis.get('https://a')).toBeUndefined()
    await directory.apply([{ kind: 'api', id: 'https://a' }])
    expect(directory.apis.get('https://a')).toBeDefined()
  })
})

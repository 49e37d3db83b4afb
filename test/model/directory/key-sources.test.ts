import { describe, expect, test } from 'vitest'
import { type KeySource, KeySources } from '../../../src/model/directory/key-sources.ts'

const urls = (count: number, of = 'a'): KeySource[] =>
  Array.from({ length: count }, (_, index) => ({ jwksUri: `https://${of}.example/${index}` }))

/** A store with one credential for each source, read in pages. */
function createStore(sources: readonly KeySource[]) {
  const state = { failing: false, pages: 0, changed: [] as readonly KeySource[] }
  return {
    state,
    list: async (after: string, most: number) => {
      state.pages += 1
      if (state.failing) throw new Error('the database is away')
      const from = Number(after)
      const next = from + most < sources.length ? String(from + most) : undefined
      return { sources: sources.slice(from, from + most), next }
    },
    ofClients: async () => state.changed,
  }
}

/** Fetches that end on demand. */
function createFetches() {
  const underway: { readonly source: KeySource; readonly end: (error?: Error) => void }[] = []
  const all: KeySource[] = []
  const fetch = (source: KeySource) => {
    all.push(source)
    return new Promise<void>((resolve, reject) => {
      underway.push({ source, end: (error) => (error === undefined ? resolve() : reject(error)) })
    })
  }
  const endAll = async (error?: Error) => {
    while (underway.length > 0) {
      for (const { end } of underway.splice(0)) end(error)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { fetch, underway, all, endAll }
}

describe('keys at URLs', () => {
  test('count as possible until all clients have been read', async () => {
    const store = createStore([])
    const sources = new KeySources(store)
    store.state.failing = true
    expect(sources.areThere).toBe(true)
    await expect(sources.read()).rejects.toThrow('away')
    expect(sources.areThere).toBe(true)
    store.state.failing = false
    await sources.read()
    expect(sources.areThere).toBe(false)
    await sources.read()
    expect(store.state.pages).toBe(2)
  })

  test('exist once a client has some, and from then on', async () => {
    const store = createStore([])
    const sources = new KeySources(store)
    await sources.read()
    await sources.apply([{ kind: 'client', id: 'a' }])
    expect(sources.areThere).toBe(false)
    store.state.changed = urls(1)
    await sources.apply([{ kind: 'client', id: 'a' }])
    expect(sources.areThere).toBe(true)
  })

  test('are read again after missed changes', async () => {
    const store = createStore([])
    const sources = new KeySources(store)
    await sources.read()
    await sources.reset()
    expect(sources.areThere).toBe(true)
    await sources.read()
    expect(sources.areThere).toBe(false)
  })

  test('are fetched a few at a time, each once, whether or not it fails', async () => {
    const { fetch, underway, all, endAll } = createFetches()
    const sources = new KeySources(createStore([...urls(700), ...urls(20)]))
    await sources.read()
    expect(all).toEqual([])
    sources.fetchWith(fetch)
    expect(underway).toHaveLength(4)
    await endAll(new Error('no such host'))
    expect(all).toEqual(urls(700))
  })

  test('of a changed client are fetched at once', async () => {
    const { fetch, all, endAll } = createFetches()
    const store = createStore([])
    const sources = new KeySources(store)
    sources.fetchWith(fetch)
    store.state.changed = [{ issuer: 'https://issuer.example', jwksUri: undefined }]
    await sources.apply([{ kind: 'client', id: 'a' }])
    await endAll()
    expect(all).toEqual(store.state.changed)
    await sources.apply([{ kind: 'key', id: 'a' }])
    await endAll()
    expect(all).toHaveLength(1)
  })

  test('beyond a thousand waiting ones are not prefetched', async () => {
    const { fetch, all, endAll } = createFetches()
    const sources = new KeySources(createStore(urls(5_000)))
    await sources.read()
    sources.fetchWith(fetch)
    await endAll()
    expect(all).toHaveLength(1_000)
  })
})

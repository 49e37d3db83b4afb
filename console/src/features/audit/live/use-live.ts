import { useEffect, useRef, useState } from 'react'
import type { Filters } from '../filters.ts'
import { type AuditEvent, readNew } from '../queries.ts'

interface Live {
  /** The events since the beginning, the newest first. */
  readonly events: readonly AuditEvent[]
  readonly hasFailed: boolean
}

const EVERY_MS = 1_500
/** The events that are kept. The list has the older ones after a reload. */
const MOST = 1_000
const NOTHING: Live = { events: [], hasFailed: false }

/**
 * Follows new events while it is on and the page is visible. Between two visits of the page it goes on from the same cursor.
 * @param onBegin called once no event can be missed any more, so that the list can be read up to there
 */
export function useLive(filters: Filters, isOn: boolean, onBegin: () => void): Live {
  const [live, setLive] = useState(NOTHING)
  const begin = useRef(onBegin)
  begin.current = onBegin
  const key = JSON.stringify(filters)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the events of other filters go
  useEffect(() => setLive(NOTHING), [key])
  useEffect(() => {
    if (!isOn) return
    setLive(NOTHING)
    const ending = new AbortController()
    void follow(JSON.parse(key), ending.signal, () => begin.current(), setLive)
    return () => ending.abort()
  }, [key, isOn])
  return live
}

async function follow(
  filters: Filters,
  signal: AbortSignal,
  onBegin: () => void,
  set: (change: (before: Live) => Live) => void,
): Promise<void> {
  let place = { now: Date.now(), cursor: '' }
  while (!signal.aborted) {
    try {
      if (document.hidden && place.cursor !== '') continue
      const { items, next } = await readNew(filters, place, signal)
      if (place.cursor === '') onBegin()
      place = { ...place, cursor: next }
      set(({ events }) => ({
        events: items.length === 0 ? events : [...items.toReversed(), ...events].slice(0, MOST),
        hasFailed: false,
      }))
    } catch {
      if (!signal.aborted) set((before) => ({ ...before, hasFailed: true }))
    } finally {
      await pause(signal)
    }
  }
}

/** Ends early if the following ends. */
const pause = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, EVERY_MS)
    signal.addEventListener('abort', end)
  })

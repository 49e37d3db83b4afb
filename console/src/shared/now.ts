import { useSyncExternalStore } from 'react'

const EVERY_MS = 20_000

let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

function tick() {
  now = Date.now()
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  // The page may show something that has just happened.
  if (Date.now() - now > 1_000) now = Date.now()
  timer ??= setInterval(tick, EVERY_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The present time, in milliseconds. One timer moves all relative times of the page. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now)

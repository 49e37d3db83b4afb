import { useHotkeys } from '@mantine/hooks'
import { useSyncExternalStore } from 'react'

let isOpen = false
const listeners = new Set<() => void>()

function set(next: boolean): void {
  isOpen = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const openSearch = (): void => set(true)
export const closeSearch = (): void => set(false)

/** Whether the search is open. Its code is loaded at its first opening. */
export function useSearchOpening(): boolean {
  useHotkeys([['mod + K', openSearch]], [])
  return useSyncExternalStore(subscribe, () => isOpen)
}

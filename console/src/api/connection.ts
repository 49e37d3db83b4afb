import { useSyncExternalStore } from 'react'

type State = 'connected' | 'unreachable' | 'signed-out'

let state: State = 'connected'
const listeners = new Set<() => void>()

/** The state of the connection to the server, as the last answer showed it. */
export const connection = {
  report(next: State): void {
    if (next === state) return
    state = next
    for (const listener of listeners) listener()
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  current: (): State => state,
}

export const useConnection = (): State => useSyncExternalStore(connection.subscribe, connection.current)

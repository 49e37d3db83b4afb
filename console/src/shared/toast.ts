import { useSyncExternalStore } from 'react'

interface Toast {
  readonly id: number
  readonly message: string
  /** `bad` tells of a refusal. */
  readonly kind: 'good' | 'bad'
}

const SHOWN_MS = 5_000

let toasts: readonly Toast[] = []
let last = 0
const listeners = new Set<() => void>()

function change(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const closeToast = (id: number): void => change(toasts.filter((one) => one.id !== id))

/** Says in a corner that something is done, or was refused. */
export function say(message: string, kind: Toast['kind'] = 'good'): void {
  last += 1
  const id = last
  change([...toasts, { id, message, kind }])
  setTimeout(() => closeToast(id), SHOWN_MS)
}

export const useToasts = (): readonly Toast[] => useSyncExternalStore(subscribe, () => toasts)

import { useSyncExternalStore } from 'react'
import { common } from '../texts/common.ts'
import { Icon } from './icon.tsx'
import classes from './toast.module.css'

interface Toast {
  readonly id: number
  readonly message: string
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

const close = (id: number): void => change(toasts.filter((one) => one.id !== id))

/** Says in a corner that something is done. */
export function say(message: string): void {
  last += 1
  const id = last
  change([...toasts, { id, message }])
  setTimeout(() => close(id), SHOWN_MS)
}

/** The corner in which messages appear, and are read out. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <div role="status" aria-live="polite" className={classes['corner']}>
      {shown.map(({ id, message }) => (
        <div key={id} className={classes['toast']}>
          <Icon name="check" />
          <span>{message}</span>
          <button type="button" aria-label={common.close} onClick={() => close(id)}>
            <Icon name="cross" size={14} />
          </button>
        </div>
      ))}
    </div>
  )
}

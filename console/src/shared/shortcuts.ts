import { useEffect, useEffectEvent, useRef } from 'react'

/** A key, or two keys one after the other. */
export interface Shortcut {
  readonly keys: readonly [string] | readonly [string, string]
  readonly text: string
  readonly run: () => void
}

const PAUSE_MS = 1_200

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** Listens for shortcuts while the page is shown, apart from fields and open dialogs. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  // Kept over renders, since one may come between two keys.
  const first = useRef<{ readonly key: string; readonly at: number }>(undefined)
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (document.querySelector('[role=dialog]') !== null) return
    const last = first.current
    const before = last !== undefined && event.timeStamp - last.at < PAUSE_MS ? last.key : undefined
    first.current = { key: event.key, at: event.timeStamp }
    const found = shortcuts.find(({ keys: [one, two] }) =>
      two === undefined ? before === undefined && one === event.key : one === before && two === event.key,
    )
    if (found === undefined) return
    event.preventDefault()
    first.current = undefined
    found.run()
  })
  useEffect(() => {
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

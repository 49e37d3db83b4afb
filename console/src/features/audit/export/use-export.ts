import { useEffect, useRef, useState } from 'react'
import { download } from '../../../shared/download.ts'
import type { Filters } from '../filters.ts'
import { readPage } from '../queries.ts'
import { type Format, writings } from './formats.ts'

interface Progress {
  readonly state: 'idle' | 'running' | 'cancelled' | 'failed' | 'full' | 'done'
  readonly count: number
  /** The time of the last event so far. */
  readonly reached: string | undefined
  readonly error?: unknown
}

interface Export extends Progress {
  /** Begins, or goes on after it was cancelled or has failed. */
  readonly start: (format: Format) => void
  readonly cancel: () => void
  readonly save: () => void
}

/** The events that one file may have, so that a page does not take all memory. */
const MOST = 500_000
const IDLE: Progress = { state: 'idle', count: 0, reached: undefined }

/** Reads all events that fit, page by page, into a file. The browser may keep its parts on the disk. */
export function useExport(filters: Filters): Export {
  const [progress, setProgress] = useState(IDLE)
  const ending = useRef<AbortController>(undefined)
  const made = useRef<{ readonly format: Format; readonly parts: Blob[]; place: { now: number; cursor: string } }>(
    undefined,
  )
  useEffect(() => () => ending.current?.abort(), [])

  const run = async (format: Format, signal: AbortSignal) => {
    const begun = made.current
    const isPartial = progress.state === 'cancelled' || progress.state === 'failed'
    const isGoingOn = isPartial && begun?.format === format
    const { type, head, line } = writings[format]
    const current = isGoingOn ? begun : { format, parts: [new Blob([head])], place: { now: Date.now(), cursor: '' } }
    made.current = current
    let { count, reached } = isGoingOn ? progress : IDLE
    const report = (state: Progress['state'], error?: unknown) => setProgress({ state, count, reached, error })
    report('running')
    try {
      while (count < MOST) {
        const { items, next } = await readPage(filters, current.place, 200, signal)
        current.parts.push(new Blob([items.map(line).join('')], { type }))
        count += items.length
        reached = items.at(-1)?.time ?? reached
        if (next === undefined) return report('done')
        current.place = { ...current.place, cursor: next }
        report('running')
      }
      report('full')
    } catch (error) {
      report(signal.aborted ? 'cancelled' : 'failed', error)
    }
  }

  return {
    ...progress,
    start: (format) => {
      ending.current = new AbortController()
      void run(format, ending.current.signal)
    },
    cancel: () => ending.current?.abort(),
    save: () => {
      if (made.current === undefined) return
      const { format, parts } = made.current
      const time = new Date().toISOString().slice(0, 19).replaceAll(':', '')
      download(`tessera-audit-${time}.${format}`, parts, writings[format].type)
    },
  }
}

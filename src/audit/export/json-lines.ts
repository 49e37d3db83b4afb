import { type Sink, toJson } from './sink.ts'
import type { ExportedEvent } from './store.ts'

/** Where lines are appended. */
export interface Lines {
  /** Resolves once the lines would survive a crash. */
  append(text: string): Promise<void>
  close(): Promise<void>
}

/** Events as JSON, one a line (https://jsonlines.org). */
export const jsonLines = (to: Lines): Sink => ({
  deliver: (events) => to.append(events.map(toLine).join('')),
  close: () => to.close(),
})

const toLine = (event: ExportedEvent): string => `${JSON.stringify(toJson(event))}\n`

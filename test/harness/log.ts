import { type Logger, pino } from 'pino'

/** A log that collects its lines as objects. */
export function collectLog(): { readonly log: Logger; readonly lines: readonly Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = []
  return { log: pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) }), lines }
}

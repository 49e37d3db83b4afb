import { type Logger, pino } from 'pino'
import { standardError } from '../platform/standard-streams.ts'

export type { Logger }

/** Logs to standard error: standard output is for what a command was asked for. */
export const createLogger = (level: string): Logger => pino({ level, base: null }, { write })

/** A log without a reader, or on a full disk, does not stop a server. The line is lost, and the next one is tried. */
function write(line: string): void {
  try {
    standardError.write(line)
  } catch {}
}

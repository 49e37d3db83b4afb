import { type Logger, pino } from 'pino'

export type { Logger }

/** Logs to standard error: standard output is for what a command was asked for. */
export const createLogger = (level: string): Logger =>
  pino({ level, base: null }, pino.destination({ dest: 2, sync: true }))

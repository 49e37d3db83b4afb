import { hostname } from 'node:os'
import { AppendedFile } from '../../platform/appended-file.ts'
import type { Clock } from '../../platform/clock.ts'
import { standardOutput } from '../../platform/standard-streams.ts'
import { jsonLines } from './json-lines.ts'
import { otlpLogs } from './otlp.ts'
import type { Sink, Transport } from './sink.ts'
import { type SyslogOptions, syslog } from './syslog.ts'
import { webhook } from './webhook.ts'

/** The configuration of each kind of sink. */
interface SinkOptions {
  readonly file: { readonly path: string }
  readonly syslog: SyslogOptions
  readonly otlp: { readonly url: string; readonly headers: Readonly<Record<string, string>> }
  readonly webhook: { readonly url: string; readonly secret: string }
}

/** A configured sink of any kind. */
export type ConfiguredSink = {
  [Kind in keyof SinkOptions]: { readonly name: string; readonly kind: Kind } & SinkOptions[Kind]
}[keyof SinkOptions]

export interface SinkMeans {
  readonly transport: Transport
  readonly clock: Clock
  readonly version: string
}

/** The path that stands for standard output. */
export const STANDARD_OUTPUT = '-'

const printed = {
  append: async (text: string) => standardOutput.write(text),
  close: async () => {},
}

/** Every kind of sink. */
const kinds: { readonly [Kind in keyof SinkOptions]: (options: SinkOptions[Kind], means: SinkMeans) => Sink } = {
  file: ({ path }) => jsonLines(path === STANDARD_OUTPUT ? printed : new AppendedFile(path)),
  syslog: (options, { transport, clock }) =>
    syslog(options, { transport, clock, hostname: hostname(), processId: process.pid }),
  otlp: (options, { transport, version }) =>
    otlpLogs(options, { transport, version, instance: `${hostname()} ${process.pid}` }),
  webhook: (options, { transport, clock }) => webhook(options, { transport, clock }),
}

export function openSink(sink: ConfiguredSink, means: SinkMeans): Sink {
  switch (sink.kind) {
    case 'file':
      return kinds.file(sink, means)
    case 'syslog':
      return kinds.syslog(sink, means)
    case 'otlp':
      return kinds.otlp(sink, means)
    case 'webhook':
      return kinds.webhook(sink, means)
  }
}

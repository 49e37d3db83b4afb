import type { ConfiguredSink } from '../audit/export/sinks.ts'
import { secretOfVariable } from '../input/secret.ts'
import { UserError } from '../platform/user-error.ts'
import { readSecretFile } from './files.ts'
import { problem } from './problem.ts'
import type { Options } from './schema.ts'

type SinkOption = Options['audit']['export'][number]

/** The registered ports: RFC 5425 §4.1, RFC 3195 §9.2, RFC 5426 §3.3. */
const SYSLOG_PORTS = { tls: 6514, tcp: 601, udp: 514 } as const

/** Reads the secrets of the systems that events are exported to. @throws ConfigError */
export function resolveExports(
  { audit }: Options,
  env: Readonly<Record<string, string | undefined>>,
): readonly ConfiguredSink[] {
  const names = audit.export.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw problem('audit.export', twice, 'two entries have this name')
  return audit.export.map((sink) => resolve(sink, env))
}

function resolve(sink: SinkOption, env: Readonly<Record<string, string | undefined>>): ConfiguredSink {
  const setting = (field: string) => `audit.export ${sink.name}: ${field}`
  switch (sink.kind) {
    case 'file':
      return sink
    case 'syslog':
      return { ...sink, port: sink.port ?? SYSLOG_PORTS[sink.protocol] }
    case 'otlp': {
      const { name, kind, url, token_file: file } = sink
      const token = file === undefined ? undefined : readSecretFile(setting('token_file'), file)
      return { name, kind, url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } }
    }
    case 'webhook': {
      const { name, kind, url, secret_file: file, secret_env: variable } = sink
      if ((file === undefined) === (variable === undefined))
        throw problem(setting('secret_file'), undefined, 'give secret_file or secret_env, the key of the signatures')
      const secret =
        file === undefined
          ? secretOfVariable(setting('secret_env'), variable ?? '', env)
          : readSecretFile(setting('secret_file'), file)
      if (secret.length < SHORTEST_SECRET)
        throw new UserError(`${setting('the secret')} must have at least ${SHORTEST_SECRET} characters`)
      return { name, kind, url, secret }
    }
  }
}

/** Characters. Standard Webhooks ask for 24 random bytes. */
const SHORTEST_SECRET = 24

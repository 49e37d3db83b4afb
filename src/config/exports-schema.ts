import { z } from 'zod'

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'must be letters, digits, - and _, at most 64 of them')
const port = z.int().min(1).max(65_535).optional()

/** The URL that events are sent to. It holds no password, because messages show it. */
const urlOf = (...protocols: readonly string[]) =>
  z.string().refine(
    (value) => {
      const url = URL.parse(value)
      return url !== null && protocols.includes(url.protocol) && url.username + url.password + url.hash === ''
    },
    `must be an address that begins with ${protocols.map((one) => `${one}//`).join(' or ')}, without password and fragment`,
  )

/** Forms of sinks by their kind. */
export interface SinkFields {
  readonly path: z.ZodType<string>
  readonly host: z.ZodType<string>
}

/** The list of systems that audit events are exported to. In a variable or a flag it is JSON. */
export const exportsSchema = ({ path, host }: SinkFields) =>
  z
    .preprocess(
      readJson,
      z
        .array(
          z.discriminatedUnion(
            'kind',
            [
              z.strictObject({ name, kind: z.literal('file'), path: z.literal('-').or(path) }),
              z.strictObject({
                name,
                kind: z.literal('syslog'),
                host,
                port,
                protocol: z.enum(['tls', 'tcp', 'udp']).default('tls'),
              }),
              z.strictObject({
                name,
                kind: z.literal('otlp'),
                url: urlOf('https:', 'http:'),
                token_file: path.optional(),
              }),
              z.strictObject({
                name,
                kind: z.literal('webhook'),
                url: urlOf('https:'),
                secret_file: path.optional(),
                secret_env: z.string().min(1).optional(),
              }),
            ],
            { error: 'must be file, syslog, otlp or webhook' },
          ),
        )
        .max(16),
    )
    .default([])

function readJson(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

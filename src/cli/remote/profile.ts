import { z } from 'zod'
import { UsageError } from '../../platform/user-error.ts'

const moment = z.iso.datetime()

/** The options with which a client gets a token, as `tessera token` takes them. Secrets stay in files and variables. */
const client = z.strictObject({
  issuer: z.string(),
  clientId: z.string(),
  secretEnv: z.string().optional(),
  secretFile: z.string().optional(),
  authMethod: z.string().optional(),
  key: z.string().optional(),
  alg: z.string().optional(),
  kid: z.string().optional(),
  cert: z.string().optional(),
  assertionFile: z.string().optional(),
  from: z.string().optional(),
  ca: z.string().optional(),
})

const token = z.strictObject({ value: z.string(), expires: moment })

/** A server, and how its owner logs in there. */
export const profileSchema = z.strictObject({
  server: z.string(),
  /** The file with further authorities. */
  ca: z.string().optional(),
  login: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('person'), name: z.string().optional(), token }),
    /** The token of a platform is asked for each time, and so is not kept. */
    z.strictObject({ kind: z.literal('client'), client, token: token.optional() }),
  ]),
})

export type Profile = z.output<typeof profileSchema>
export type ClientOptions = z.output<typeof client>
export type KeptToken = z.output<typeof token>

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i

/** The name of a profile, which is also that of its file. @throws UsageError */
export function profileName(name: string, option: string): string {
  if (NAME.test(name)) return name
  throw new UsageError(
    `${option} must be 1 to 64 letters, digits, dots, hyphens and underscores, and begin with a letter or digit`,
  )
}

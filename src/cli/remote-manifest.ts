import { z } from 'zod'
import { secretOfVariable } from '../input/secret.ts'
import { readYaml } from '../input/yaml.ts'
import type { ManifestFile } from '../management/manifest/reading/parse.ts'

const credential = z.looseObject({ secret_env: z.string().optional() })
const part = z.looseObject({
  apis: z.array(z.unknown()).nullish(),
  clients: z.array(z.looseObject({ credentials: z.array(credential).nullish() })).nullish(),
})

type Environment = Readonly<Record<string, string | undefined>>

/** One text for a server, which has neither the other files nor the environment of the command. @throws UserError */
export function remoteManifest(files: readonly ManifestFile[], env: Environment): string {
  const parts = files.map(({ name, content }) => part.parse(readYaml(name, content).value ?? {}))
  const clients = parts.flatMap((one) => one.clients ?? [])
  const usesEnvironment = clients.some(({ credentials }) => credentials?.some((one) => one.secret_env !== undefined))
  const [first, second] = files
  if (first !== undefined && second === undefined && !usesEnvironment) return first.content
  return JSON.stringify({
    apis: parts.flatMap(({ apis }) => apis ?? []),
    clients: clients.map(({ credentials, ...client }) => ({
      ...client,
      ...(credentials && { credentials: credentials.map((one) => withSecret(one, env)) }),
    })),
  })
}

const withSecret = ({ secret_env: name, ...settings }: z.output<typeof credential>, env: Environment) =>
  name === undefined ? settings : { ...settings, secret: secretOfVariable('secret_env', name, env) }

import { NotAllowed, UsageError } from '../platform/user-error.ts'
import type { Profiles } from './remote/profiles.ts'
import { originOf } from './remote/server-url.ts'
import { namedConfigFile } from './settings.ts'

/** The options of each command that works on a database or on a server. */
export interface TargetOptions {
  readonly config?: string
  readonly server?: string
  readonly profile?: string
  /** The reason of a change, for the audit log. */
  readonly reason?: string
}

/** The database or the server that a command line names. */
export type ChosenTarget =
  | { readonly kind: 'database'; readonly config: string | undefined }
  | { readonly kind: 'profile'; readonly name: string }
  /** A server without a profile. The environment has its token. */
  | { readonly kind: 'server'; readonly origin: string; readonly token: string }

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Finds the target of a command. An option comes before the environment, the environment before the current profile, and that before
 * the usual file and the folder of `tessera dev`.
 * @throws UsageError if two targets are named in the same place
 */
export function chooseTarget(options: TargetOptions, env: Environment, profiles: Profiles): ChosenTarget {
  const named =
    fromPlace({ ...options, names: ['--config', '--server', '--profile'] }, env, profiles) ??
    fromPlace(
      {
        config: env['TESSERA_CONFIG'] ?? env['TESSERA_STORAGE'],
        server: env['TESSERA_SERVER'],
        profile: env['TESSERA_PROFILE'],
        names: ['TESSERA_CONFIG or TESSERA_STORAGE', 'TESSERA_SERVER', 'TESSERA_PROFILE'],
      },
      env,
      profiles,
    )
  if (named !== undefined)
    return named.kind === 'database' ? { kind: 'database', config: namedConfigFile(options.config, env) } : named
  const { current } = profiles
  return current === undefined ? { kind: 'database', config: undefined } : { kind: 'profile', name: current }
}

interface Place {
  readonly config?: string | undefined
  readonly server?: string | undefined
  readonly profile?: string | undefined
  readonly names: readonly [config: string, server: string, profile: string]
}

/** The target that one place names: the options, or the environment. */
function fromPlace(
  { config, server, profile, names: [ofConfig, ofServer, ofProfile] }: Place,
  env: Environment,
  profiles: Profiles,
): ChosenTarget | undefined {
  if (config !== undefined) {
    const other = server !== undefined ? ofServer : profile !== undefined ? ofProfile : undefined
    if (other !== undefined)
      throw new UsageError(`give ${ofConfig} or ${other}, not both: one names a database, the other a server`)
    return { kind: 'database', config }
  }
  const origin = server === undefined ? undefined : originOf(server, ofServer)
  if (profile !== undefined) {
    if (origin !== undefined && profiles.load(profile).server !== origin)
      throw new UsageError(`the profile ${JSON.stringify(profile)} is for another server than ${ofServer}`)
    return { kind: 'profile', name: profile }
  }
  if (origin === undefined) return undefined
  const token = env['TESSERA_TOKEN']
  if (token !== undefined && token !== '') return { kind: 'server', origin, token }
  const fitting = profiles.names.filter((name) => profiles.load(name).server === origin)
  const [name] = fitting.length > 1 ? fitting.filter((one) => one === profiles.current) : fitting
  if (name !== undefined) return { kind: 'profile', name }
  if (fitting.length > 1)
    throw new UsageError(`several profiles are for ${origin}: name one of ${fitting.join(', ')} with --profile`)
  throw new NotAllowed(`nobody is logged in at ${origin}: run tessera login ${origin}, or set TESSERA_TOKEN`)
}

import type { Target } from './calls.ts'
import { type NewSecrets, withNewSecrets } from './new-secrets.ts'
import { Profiles } from './remote/profiles.ts'
import type { SecretsOptions } from './secrets/option.ts'
import { OR_A_SERVER } from './settings.ts'
import { chooseTarget, type TargetOptions } from './target.ts'

/** Runs a command on its target: on a database within this process, or on a server over HTTPS. Both print the same. */
export const withTarget = <Result>(
  options: TargetOptions & SecretsOptions,
  work: (target: Target) => Promise<Result>,
): Promise<Result> => withNewSecrets(options.secretsTo, (secrets) => onTarget(options, secrets, work))

/** Loads the code of the target alone: that of a database is half of the code of a command. */
async function onTarget<Result>(
  options: TargetOptions,
  secrets: NewSecrets,
  work: (target: Target) => Promise<Result>,
): Promise<Result> {
  const profiles = new Profiles(process.env)
  const chosen = chooseTarget(options, process.env, profiles)
  const stated = { reason: options.reason }
  if (chosen.kind === 'database') {
    const [{ withDatabase }, { onDatabase }] = await Promise.all([import('./database.ts'), import('./on-database.ts')])
    return withDatabase(chosen.config, (opened) => work(onDatabase(opened, stated, secrets)), OR_A_SERVER)
  }
  const [{ Server }, { onServer }] = await Promise.all([import('./remote/server.ts'), import('./on-server.ts')])
  if (chosen.kind === 'server')
    return work(onServer({ server: new Server(chosen.origin, undefined), token: chosen.token, stated }, secrets))
  const profile = profiles.load(chosen.name)
  const { renewalOf, tokenOf } = await import('./log-in.ts')
  const renew = renewalOf(profiles, chosen.name, profile)
  const token = await tokenOf(profiles, chosen.name, profile)
  return work(onServer({ server: new Server(profile.server, profile.ca), token, renew, stated }, secrets))
}

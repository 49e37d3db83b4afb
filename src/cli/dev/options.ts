import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { problem } from '../../config/problem.ts'
import type { Options } from '../../config/schema.ts'
import { developmentMasterKey } from '../../crypto/master-key.ts'
import { shownLocation, storageIn } from '../../input/database-location.ts'
import type { Clock } from '../../platform/clock.ts'
import { makeFolder } from '../../platform/files.ts'
import { isLoopback } from '../../platform/loopback.ts'
import type { RandomBytes } from '../../platform/random.ts'
import { MistakeList } from '../../platform/user-error.ts'
import { ensureCertificate } from './certificate.ts'
import { writePrivateFile } from './files.ts'

/**
 * The given options, completed for development: a certificate, a master key and a database in the data folder, on localhost.
 * Creates the files that don't exist yet.
 * @param isGiven whether an option was given rather than defaulted
 * @throws Mistakes if the options would expose the published sample secret
 */
export async function developmentOptions(
  options: Options,
  isGiven: (key: string) => boolean,
  clock: Clock,
  random: RandomBytes,
): Promise<Options> {
  refuseProduction(options, isGiven)
  const data = resolve(options.data)
  makeFolder(data)
  openWay(data)
  const master = join(data, 'master.key')
  const needsMasterKey = options.master_key === undefined && options.master_key_file === undefined
  if (needsMasterKey && !existsSync(master)) writePrivateFile(master, `${developmentMasterKey(random)}\n`)
  const needsCertificate = options.tls.cert === undefined && options.tls.key === undefined
  return {
    ...options,
    data,
    issuer: options.issuer ?? `https://localhost:${options.runtime.port}`,
    storage: storageIn(data),
    manifest_allow_destroy: isGiven('manifest_allow_destroy') ? options.manifest_allow_destroy : 'on',
    ...(needsMasterKey && { master_key_file: master }),
    runtime: { ...options.runtime, host: isGiven('runtime.host') ? options.runtime.host : 'localhost' },
    tls: { ...options.tls, ...(needsCertificate && ensureCertificate(data, clock, random)) },
  }
}

/**
 * The sample's secret is published. It must not get into a production database, and only this machine may reach a server that
 * accepts it.
 * @throws Mistakes
 */
function refuseProduction({ data, storage, runtime, admin, ...options }: Options, isGiven: (key: string) => boolean) {
  const mistakes = new MistakeList()
  if (storage !== undefined) {
    const remedy = '`tessera dev` keeps a database of its own in `data`: leave this out, or use `tessera serve`'
    mistakes.note(problem('storage', shownLocation(storage), remedy))
  }
  const hosts = { ...(isGiven('runtime.host') && { 'runtime.host': runtime.host }), 'admin.host': admin.host }
  for (const [setting, host] of Object.entries(hosts)) {
    if (isLoopback(host)) continue
    mistakes.note(
      problem(setting, host, '`tessera dev` listens on this machine alone: use localhost, or use `tessera serve`'),
    )
  }
  const hasMasterKey = options.master_key !== undefined || options.master_key_file !== undefined
  if (!hasMasterKey && existsSync(join(data, 'tessera.db')) && !existsSync(join(data, 'master.key'))) {
    mistakes.note(problem('data', data, 'holds a database that `tessera dev` did not make: name another folder'))
  }
  mistakes.refuse()
}

/**
 * Lets other users pass through the data folder to the certificates, without listing it. The files in it, such as a database of an
 * earlier version, lose the protection of the folder. So their own modes must protect them.
 */
function openWay(folder: string): void {
  if ((statSync(folder).mode & 0o777) !== 0o700) return
  for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile()))
    chmodSync(join(folder, name), 0o600)
  chmodSync(folder, 0o711)
}

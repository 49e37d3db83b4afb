import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Options } from '../config/schema.ts'
import { generateMasterKey } from '../keys/master-key.ts'
import type { Clock } from '../platform/clock.ts'
import { makeFolder } from '../platform/files.ts'
import type { RandomBytes } from '../platform/random.ts'
import { ensureCertificate } from './certificate.ts'
import { writePrivateFile } from './private-file.ts'

/**
 * The options as given, with what development does not want to be asked for: a certificate, a master key and a database
 * in the data folder, on localhost. Makes what is not there yet.
 * @param isGiven whether an option was given rather than defaulted
 */
export async function developmentOptions(
  options: Options,
  isGiven: (key: string) => boolean,
  clock: Clock,
  random: RandomBytes,
): Promise<Options> {
  const data = resolve(options.data)
  makeFolder(data)
  const master = join(data, 'master.key')
  const needsMasterKey = options.master_key === undefined && options.master_key_file === undefined
  if (needsMasterKey && !existsSync(master)) writePrivateFile(master, `${generateMasterKey(random)}\n`)
  const needsCertificate = options.tls.cert === undefined && options.tls.key === undefined
  return {
    ...options,
    data,
    issuer: options.issuer ?? `https://localhost:${options.runtime.port}`,
    storage: options.storage ?? developmentStorage(data),
    ...(needsMasterKey && { master_key_file: master }),
    runtime: { ...options.runtime, host: isGiven('runtime.host') ? options.runtime.host : 'localhost' },
    tls: needsCertificate ? await ensureCertificate(data, clock, random) : options.tls,
  }
}

/** The database of a data folder. */
export const developmentStorage = (data: string): string => `sqlite:${join(resolve(data), 'tessera.db')}`

import type { Config } from './resolve.ts'

/** A configuration in a form for JSON, in which one process sends it to another. */
export type PlainConfig = Omit<Config, 'masterKey' | 'previousMasterKey'> & {
  /** Base64, like the previous one. */
  readonly masterKey: string
  readonly previousMasterKey: string | undefined
}

export const toPlainConfig = (config: Config): PlainConfig => ({
  ...config,
  masterKey: config.masterKey.toString('base64'),
  previousMasterKey: config.previousMasterKey?.toString('base64'),
})

/** Restores a configuration. Fields that JSON left out are undefined again. */
export const fromPlainConfig = ({ masterKey, previousMasterKey, ...config }: PlainConfig): Config => ({
  ...config,
  masterKey: Buffer.from(masterKey, 'base64'),
  previousMasterKey: previousMasterKey === undefined ? undefined : Buffer.from(previousMasterKey, 'base64'),
})

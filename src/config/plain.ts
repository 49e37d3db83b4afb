import type { Config } from './resolve.ts'

/** A configuration as it goes from one process to another, in JSON. */
export type PlainConfig = Omit<Config, 'masterKey' | 'previousMasterKey'> & {
  /** Base64, as is the one before. */
  readonly masterKey: string
  readonly previousMasterKey: string | undefined
}

export const toPlainConfig = (config: Config): PlainConfig => ({
  ...config,
  masterKey: config.masterKey.toString('base64'),
  previousMasterKey: config.previousMasterKey?.toString('base64'),
})

/** The reverse. What is undefined is left out of JSON, and so undefined again. */
export const fromPlainConfig = ({ masterKey, previousMasterKey, ...config }: PlainConfig): Config => ({
  ...config,
  masterKey: Buffer.from(masterKey, 'base64'),
  previousMasterKey: previousMasterKey === undefined ? undefined : Buffer.from(previousMasterKey, 'base64'),
})

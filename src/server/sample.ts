import type { Store } from '../store/tables/sql-store.ts'
import type { Dependencies } from './environment.ts'

/** Warns that a production database has the sample of `tessera dev`. The server accepts none of its credentials. */
export async function warnOfSample({ config, log }: Dependencies, { credentials }: Store): Promise<void> {
  if (config.isDevelopment) return
  const { found } = await credentials.listSamples()
  for (const { clientId, credential } of found) {
    log.warn(
      { client_id: clientId, credential: credential.id, label: credential.label },
      'a credential of the sample of `tessera dev` is refused: its secret is published. Remove it with `tessera credentials remove`',
    )
  }
}

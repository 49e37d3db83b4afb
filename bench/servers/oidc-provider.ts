import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchServer } from './server.ts'

/** The certified OpenID provider for Node, with the same work: https://github.com/panva/node-oidc-provider. */
export const oidcProvider: BenchServer = {
  name: 'oidc-provider',
  tokens: 'ES256',
  prepare: async (_workspace, folder, clients) => {
    const file = join(folder, 'clients.json')
    writeFileSync(file, JSON.stringify(clients))
    return { args: [fileURLToPath(new URL('./oidc-provider-process.ts', import.meta.url)), file] }
  },
}

import { importAuth0 } from './auth0/mapper.ts'
import type { Importer } from './draft/importer.ts'
import { importHydra } from './hydra/mapper.ts'
import { importKeycloak } from './keycloak/mapper.ts'
import { importPingFederate } from './pingfederate/mapper.ts'
import type { System } from './systems.ts'

/** The importer of each system. */
export const importers: Readonly<Record<System, Importer>> = {
  keycloak: importKeycloak,
  hydra: importHydra,
  pingfederate: importPingFederate,
  auth0: importAuth0,
}

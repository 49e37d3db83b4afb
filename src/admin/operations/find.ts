import type { Operation } from './operation.ts'

type Load = () => Promise<readonly Operation[]>

const apis: Load = async () => (await import('./apis.ts')).apiOperations
const clients: Load = async () => (await import('./clients.ts')).clientOperations
const credentials: Load = async () => (await import('./credentials.ts')).credentialOperations
const deletions: Load = async () => (await import('./deletions.ts')).deletionOperations
const fleet: Load = async () => (await import('./fleet.ts')).fleetOperations
const inspections: Load = async () => (await import('./inspections.ts')).inspectionOperations
const sessions: Load = async () => (await import('./sessions.ts')).sessionOperations
const server: Load = async () => (await import('./server.ts')).serverOperations

/** The files in which an operation may be, by the first word of its id. */
const LOADS: Readonly<Record<string, readonly Load[]>> = {
  accounts: [async () => (await import('./accounts.ts')).accountOperations],
  apis: [apis, async () => (await import('./api-clients.ts')).apiClientOperations, deletions, inspections],
  audit: [async () => (await import('./audit.ts')).auditOperations],
  clients: [clients, fleet, deletions],
  credentials: [credentials, fleet, deletions],
  'device-requests': [sessions],
  explanations: [async () => (await import('./explanations.ts')).explanationOperations],
  export: [async () => (await import('./exports.ts')).exportOperations],
  grants: [async () => (await import('./grants.ts')).grantOperations],
  groups: [async () => (await import('./groups.ts')).groupOperations],
  health: [server],
  keys: [async () => (await import('./keys.ts')).keyOperations],
  lab: [inspections, async () => (await import('./lab.ts')).labOperations],
  manifest: [server],
  me: [server],
  nodes: [async () => (await import('./nodes.ts')).nodeOperations],
  openapi: [server],
  permissions: [async () => (await import('./permissions.ts')).permissionOperations],
  plans: [async () => (await import('./plans.ts')).planOperations],
  revocations: [async () => (await import('./revocations.ts')).revocationOperations],
  scopes: [apis, deletions],
  server: [server],
  session: [sessions],
  sessions: [sessions],
  settings: [server],
  tenants: [server],
  usage: [async () => (await import('./usage.ts')).usageOperations],
}

/** Finds an operation of the table, and loads the code of few others: a command starts faster. */
export async function findOperation(id: string): Promise<Operation> {
  for (const load of LOADS[id.split('.')[0] ?? ''] ?? []) {
    const found = (await load()).find((operation) => operation.id === id)
    if (found !== undefined) return found
  }
  throw new Error(`there is no operation ${id}`)
}

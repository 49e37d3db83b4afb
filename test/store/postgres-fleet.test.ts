import { fleetContract } from './fleet.ts'
import { onPostgres } from './on-postgres.ts'

fleetContract('PostgreSQL', onPostgres)

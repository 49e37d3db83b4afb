/** Writes the types of the admin API, from its OpenAPI document, for the console's calls. */

import { writeFileSync } from 'node:fs'
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { openApiDocument } from '../src/admin/api/openapi.ts'
import { operations } from '../src/admin/operations/operations.ts'

const types = await openapiTS(openApiDocument(operations) as OpenAPI3)
writeFileSync(new URL('src/api/schema.d.ts', import.meta.url), astToString(types))

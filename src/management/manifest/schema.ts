import { z } from 'zod'
import { apiSchema } from '../schemas/api.ts'
import { clientSchema } from '../schemas/client.ts'

export const manifestSchema = z.strictObject({
  apis: z.array(apiSchema).default([]),
  clients: z.array(clientSchema).default([]),
})

/** A manifest that has the right form, but was not yet compared with the model. */
export type Manifest = z.output<typeof manifestSchema>

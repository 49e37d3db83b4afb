import { z } from 'zod'
import { documentSchema } from './schema.ts'

/**
 * The JSON Schema of one document of a manifest, for editors. It is of draft 7, the newest that all versions of yaml-language-server
 * read. Rules that it can't say, such as references to scopes, are checked by `tessera apply` alone.
 */
export const manifestJsonSchema = (): Readonly<Record<string, unknown>> => ({
  ...z.toJSONSchema(documentSchema, {
    io: 'input',
    target: 'draft-7',
    // A label may be left out, but not blank.
    override: ({ jsonSchema }) => {
      if (jsonSchema.default === '') delete jsonSchema.default
    },
  }),
  title: 'A manifest of Tessera',
})

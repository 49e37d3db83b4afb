import { manifestJsonSchema } from '../management/manifest/reading/json-schema.ts'
import { parseManifests } from '../management/manifest/reading/parse.ts'
import { checkManifest } from '../management/manifest/validate.ts'
import { UsageError } from '../platform/user-error.ts'
import { counted } from './effects.ts'
import { type OutputOptions, show } from './format.ts'
import { readManifestFiles } from './manifest-files.ts'
import { print, printable, say } from './output.ts'

interface ValidateOptions extends OutputOptions {
  /** The path of the manifest, or of each of its files and folders. */
  readonly file?: readonly string[]
  /** Whether to print the JSON Schema of a manifest instead. */
  readonly schema?: true
}

/** `tessera validate`: checks a manifest without a database. */
export async function validate({ file, schema, ...options }: ValidateOptions): Promise<void> {
  if (schema) {
    print(JSON.stringify(manifestJsonSchema(), undefined, 2))
    return
  }
  if (file === undefined) throw new UsageError('give the files of the manifest with -f, or --schema')
  const files = await readManifestFiles(file)
  const parsed = parseManifests(files)
  const { outside, warnings } = checkManifest(parsed)
  const { apis, clients } = parsed.manifest
  const data = { files: files.map(({ name }) => name), apis: apis.length, clients: clients.length, outside, warnings }
  show(options, {
    data,
    forPeople: () => {
      const parts = [counted(files.length, 'file'), counted(apis.length, 'API'), counted(clients.length, 'client')]
      print(`valid: ${parts.join(', ')}`)
      for (const one of outside) say(`note: ${printable(one)}`)
      for (const warning of warnings) say(`warning: ${printable(warning)}`)
    },
  })
}

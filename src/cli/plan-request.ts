import type { ManifestFile, ParsedManifest } from '../management/manifest/reading/parse.ts'
import { nameOfReference, referencesIn, type SecretSource } from '../management/manifest/secret-source.ts'

/** The files of a manifest as a server takes them, with those secrets that are here. */
export function asRequest(files: readonly ManifestFile[], parsed: ParsedManifest, source: SecretSource) {
  const secrets = referencesIn(parsed).flatMap((reference) => {
    const secret = source(reference)
    return secret === undefined ? [] : [[nameOfReference(reference), secret]]
  })
  return { manifest: files, secrets: Object.fromEntries(secrets) }
}

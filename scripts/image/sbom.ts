/** The bill of materials, in CycloneDX 1.6. */

/** A part of the image. */
export interface Component {
  /** The package URL, which is its name in this file. */
  readonly purl: string
  readonly name: string
  readonly version: string
  /** SPDX. */
  readonly licence: string
  readonly cpe?: string
  readonly hash?: { readonly alg: 'SHA-256' | 'SHA-512'; readonly content: string }
  /** The package URLs of its dependencies. */
  readonly dependsOn: readonly string[]
}

/**
 * Writes the bill of materials of an image. It has no serial number, so that the same parts give the same bytes.
 * @param created ISO 8601
 */
export function billOfMaterials(app: Component, components: readonly Component[], created: string): string {
  const sorted = [...components].sort((one, other) => (one.purl < other.purl ? -1 : 1))
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { timestamp: created, component: { ...partOf(app), type: 'application' } },
    components: sorted.map(partOf),
    dependencies: [app, ...sorted].map(({ purl, dependsOn }) => ({ ref: purl, dependsOn: [...dependsOn].sort() })),
  }
  return `${JSON.stringify(bill, undefined, 2)}\n`
}

const partOf = ({ purl, name, version, licence, cpe, hash }: Component) => ({
  type: 'library',
  'bom-ref': purl,
  name,
  version,
  licenses: [licence.includes(' ') ? { expression: licence } : { license: { id: licence } }],
  purl,
  ...(cpe !== undefined && { cpe }),
  ...(hash !== undefined && { hashes: [hash] }),
})

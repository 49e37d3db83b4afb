/** An image layout (OCI image specification 1.1) in a folder, which `docker load` reads as well. */

import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Architecture } from './platforms.ts'

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

interface Layer {
  readonly descriptor: Descriptor
  /** The digest of the archive before it was compressed. */
  readonly diffId: string
  readonly description: string
}

interface Image {
  readonly architecture: Architecture
  readonly manifest: Descriptor
  readonly config: Descriptor
  readonly layers: readonly Layer[]
}

/** The settings of an image, with the names of the specification. */
export type ImageConfig = Readonly<Record<string, unknown>>

const OCI = 'application/vnd.oci.image'
const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const variantOf = (architecture: Architecture) => (architecture === 'arm64' ? { variant: 'v8' } : {})
const pathOf = ({ digest }: Descriptor): string => `blobs/${digest.replace(':', '/')}`

export class Layout {
  readonly folder: string
  readonly #images: Image[] = []

  constructor(folder: string) {
    this.folder = folder
    mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  }

  /** Compresses an archive. Node's zlib decides the bytes, so another version of Node may give others of the same content. */
  layer(tar: Buffer, description: string): Layer {
    const compressed = gzipSync(tar)
    // The header names the operating system that compressed it (RFC 1952 §2.3.1). 255 names none.
    compressed[9] = 255
    return { descriptor: this.#blob(`${OCI}.layer.v1.tar+gzip`, compressed), diffId: digestOf(tar), description }
  }

  /** Adds the image of one architecture. @param created ISO 8601 */
  image(architecture: Architecture, layers: readonly Layer[], settings: ImageConfig, created: string): void {
    const config = this.#json(`${OCI}.config.v1+json`, {
      created,
      architecture,
      ...variantOf(architecture),
      os: 'linux',
      config: settings,
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(({ description }) => ({ created, created_by: 'scripts/image.ts', comment: description })),
    })
    const mediaType = `${OCI}.manifest.v1+json`
    const layerDescriptors = layers.map(({ descriptor }) => descriptor)
    const manifest = this.#json(mediaType, { schemaVersion: 2, mediaType, config, layers: layerDescriptors })
    this.#images.push({ architecture, manifest, config, layers })
  }

  /**
   * Writes the index, by which every tool finds the images: all of them under the tag, and each under the tag and its architecture.
   * @param tag the version
   */
  finish(name: string, tag: string): void {
    const mediaType = `${OCI}.index.v1+json`
    const manifests = this.#images.map(({ architecture, manifest }) => ({
      ...manifest,
      platform: { architecture, os: 'linux', ...variantOf(architecture) },
    }))
    const all = this.#json(mediaType, { schemaVersion: 2, mediaType, manifests })
    const nameOf = (ref: string) => ({ 'org.opencontainers.image.ref.name': ref })
    const named = [
      { ...all, annotations: { 'io.containerd.image.name': `docker.io/library/${name}:${tag}`, ...nameOf(tag) } },
      ...manifests.map((one) => ({ ...one, annotations: nameOf(`${tag}-${one.platform.architecture}`) })),
    ]
    this.#write('oci-layout', { imageLayoutVersion: '1.0.0' })
    this.#write('index.json', { schemaVersion: 2, mediaType, manifests: named })
    // The older format of `docker load` has one image.
    const [first] = this.#images
    if (first === undefined) return
    const Layers = first.layers.map(({ descriptor }) => pathOf(descriptor))
    this.#write('manifest.json', [{ Config: pathOf(first.config), RepoTags: [`${name}:${tag}`], Layers }])
  }

  /** Copies the finished layout, so that nobody takes a half of one for it. */
  copyTo(folder: string): void {
    cpSync(this.folder, folder, { recursive: true })
  }

  #json(mediaType: string, value: unknown): Descriptor {
    return this.#blob(mediaType, Buffer.from(JSON.stringify(value)))
  }

  #blob(mediaType: string, bytes: Buffer): Descriptor {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length }
    writeFileSync(join(this.folder, pathOf(descriptor)), bytes)
    return descriptor
  }

  #write(path: string, value: unknown): void {
    writeFileSync(join(this.folder, path), `${JSON.stringify(value, undefined, 2)}\n`)
  }
}

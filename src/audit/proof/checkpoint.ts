import type { Head } from './chain.ts'

/** A stored checkpoint. */
export interface Checkpoint {
  /** Counts from 1. */
  readonly number: number
  /** Milliseconds. */
  readonly at: number
  /** JSON: `CheckpointContent`. */
  readonly statement: string
  readonly signature: Uint8Array
}

/** The content of a checkpoint. */
export interface CheckpointContent {
  readonly number: number
  /** ISO 8601. */
  readonly at: string
  readonly kid: string
  /** The hash of the checkpoints before it. */
  readonly previous: string
  /** The chains have the numbers from 1 to this one. */
  readonly chains: number
  /** The ends of the chains that have grown since the last checkpoint. */
  readonly heads: readonly Head[]
}

/** The content of a checkpoint; undefined if its text was never one. */
export function contentOf(statement: string): CheckpointContent | undefined {
  const read = parse(statement)
  if (typeof read !== 'object' || read === null) return undefined
  const { number, at, kid, previous, chains, heads }: Partial<Record<string, unknown>> = { ...read }
  if (typeof number !== 'number' || typeof chains !== 'number' || !Array.isArray(heads)) return undefined
  if (typeof at !== 'string' || typeof kid !== 'string' || typeof previous !== 'string') return undefined
  return heads.every(isHead) ? { number, at, kid, previous, chains, heads } : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isHead = (value: unknown): value is Head =>
  typeof value === 'object' &&
  value !== null &&
  'chain' in value &&
  typeof value.chain === 'number' &&
  'place' in value &&
  typeof value.place === 'number' &&
  'hash' in value &&
  typeof value.hash === 'string'

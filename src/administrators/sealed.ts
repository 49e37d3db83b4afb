import { createSecretKey } from 'node:crypto'
import { openBox, sealBox } from '../crypto/box.ts'
import type { MasterKey } from '../crypto/master-key.ts'
import type { Clock } from '../platform/clock.ts'
import { isObject } from '../platform/json.ts'
import type { RandomBytes } from '../platform/random.ts'

/** The parts that encrypt something for this server itself, which a browser carries. */
export interface SealingContext {
  readonly clock: Clock
  readonly random: RandomBytes
  readonly masterKey: MasterKey
  /** The id of the master key in use; undefined if there is none yet. */
  readonly masterKeyInUse: () => Promise<string | undefined>
}

/** The longest sealed text, in characters. A longer one is none of ours. */
const LONGEST = 2_048

/** Encrypts content for a purpose. Every process with the master key can open it until its time is over. @param lifetime milliseconds */
export async function seal(
  { clock, random, masterKey, masterKeyInUse }: SealingContext,
  purpose: string,
  content: Readonly<Record<string, string>>,
  lifetime: number,
): Promise<string> {
  const [key] = masterKey.derive(purpose, await masterKeyInUse())
  const plaintext = Buffer.from(JSON.stringify({ ...content, until: clock.now() + lifetime }))
  return sealBox(plaintext, createSecretKey(key), Buffer.from(purpose), random).toString('base64url')
}

/** Opens what `seal` made for the same purpose. @returns undefined if the text is none of ours, or its time is over */
export async function unseal(
  { clock, masterKey, masterKeyInUse }: SealingContext,
  purpose: string,
  text: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (text.length > LONGEST) return undefined
  const box = Buffer.from(text, 'base64url')
  for (const key of masterKey.derive(purpose, await masterKeyInUse())) {
    const opened = openBox(box, createSecretKey(key), Buffer.from(purpose))
    if (opened === undefined) continue
    const content: unknown = JSON.parse(opened.toString())
    return isObject(content) && Number(content['until']) > clock.now() ? content : undefined
  }
  return undefined
}

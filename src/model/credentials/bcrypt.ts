import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

/**
 * The digest that bcrypt makes of a secret, in its own base64: 31 characters. Each call has a thread of its own, which it ends: Node
 * has no bcrypt, and imported hashes are few and soon replaced (`docs/decisions/0042-imported-hashes.md`).
 * @param secret at most 72 bytes of UTF-8
 * @param prefix version, cost and salt: 29 characters
 */
export async function bcryptDigest(secret: string, prefix: string): Promise<string> {
  const file = new URL(`./bcrypt-thread${extname(import.meta.filename)}`, import.meta.url)
  const thread = new Worker(file)
  thread.postMessage([secret, prefix])
  const [text]: unknown[] = await once(thread, 'message')
  return String(text).slice(prefix.length)
}

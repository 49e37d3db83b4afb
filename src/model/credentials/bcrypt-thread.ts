/** The thread of `bcrypt.ts`: hashes the one secret that it is sent, and ends. */

import { parentPort } from 'node:worker_threads'
import { hashSync } from 'bcryptjs'

parentPort?.once('message', ([secret, prefix]: readonly [string, string]) =>
  parentPort?.postMessage(hashSync(secret, prefix)),
)

/** The thread of `parse-aside.ts`: parses the one manifest that it is sent, and ends. */

import { parentPort } from 'node:worker_threads'
import { Mistakes, UserError } from '../../../platform/user-error.ts'
import { joined, parseManifests } from './parse.ts'
import type { Answer, Task } from './parse-aside.ts'

parentPort?.once('message', (task: Task) => parentPort?.postMessage(answerTo(task)))

function answerTo({ files, unnamed }: Task): Answer {
  try {
    const { manifest, locate } = parseManifests(files, unnamed)
    const [apis, clients, tests] = joined.map((section) =>
      manifest[section].map((_, index) => locate([section, index])),
    )
    return {
      manifest,
      places: { beginning: locate([]), apis: apis ?? [], clients: clients ?? [], tests: tests ?? [] },
    }
  } catch (error) {
    if (error instanceof UserError) return { mistakes: error instanceof Mistakes ? error.all : [error.message] }
    throw error
  }
}

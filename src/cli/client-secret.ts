import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { LONGEST_SECRET_FILE, secretOfVariable, takeSecret } from '../input/secret.ts'
import { UserError } from '../platform/user-error.ts'
import { prompt, say } from './output.ts'
import { readStandardInput, readTextInput, STANDARD_INPUT } from './read-input.ts'

/** The options that name a client secret. */
export interface SecretOptions {
  readonly secretEnv?: string
  readonly secretFile?: string
}

/** Reads the secret from a file, the environment, a pipe or the terminal, never from the command line, which others can read. */
export async function readClientSecret({ secretEnv, secretFile }: SecretOptions): Promise<string> {
  if (secretFile !== undefined) {
    const name = `--secret-file: ${secretFile}`
    return takeSecret(name, await readTextInput(secretFile, LONGEST_SECRET_FILE))
  }
  if (secretEnv !== undefined) return secretOfVariable('--secret-env', secretEnv, process.env)
  const given = process.stdin.isTTY ? await ask('Client secret: ') : await readStandardInput(LONGEST_SECRET_FILE)
  if (given.trim() === '')
    throw new UserError('standard input has no client secret; see --secret-env and --secret-file')
  return takeSecret(STANDARD_INPUT, given)
}

function ask(question: string): Promise<string> {
  prompt(question)
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: unseen, terminal: true })
  return new Promise((resolve) => {
    terminal.question('', (answer) => {
      terminal.close()
      say('')
      resolve(answer)
    })
  })
}

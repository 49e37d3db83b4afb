/** Fails where a sentence begins with a word that `docs/internals/writing.md` rules out. `scripts/sentences.ts` finds the sentences. */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { beginsBadly, sentencesOfMarkdown, sentencesOfSource } from './sentences.ts'

/** A file of sentences that the check must find. */
const SAMPLES = 'test/scripts/sentences.test.ts'

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx', '*.md'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && path !== SAMPLES)

let failed = 0
for (const path of files) {
  const text = readFileSync(path, 'utf8')
  // A generated page is made of strings, which are checked where they are written.
  if (/^# .*\n\nGenerated /.test(text)) continue
  const sentences = path.endsWith('.md') ? sentencesOfMarkdown(text) : sentencesOfSource(path, text)
  for (const { line, text: sentence } of sentences.filter((one) => beginsBadly(one.text))) {
    process.stderr.write(`${path}:${line}: ${sentence.slice(0, 100)}\n`)
    failed += 1
  }
}
if (failed > 0) {
  process.stderr.write('No sentence begins with What, Who, Whoever, Whose or Of: docs/internals/writing.md says why.\n')
  process.exitCode = 1
}

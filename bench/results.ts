import { markdownTable, type Row } from './report.ts'

/** What a run has found. */
interface Results {
  /** How it was measured, on what. */
  readonly described: string
  readonly rows: readonly Row[]
  /** What was to be reached, a line each. */
  readonly reached: readonly string[]
  readonly fair: string
}

/** The page of a run, `bench/RESULTS.md`. */
export const resultsPage = ({ described, rows, reached, fair }: Results): string => `# Results

Written by \`npm run bench -- --results bench/RESULTS.md\`; [README.md](README.md) says what the rows are, and what lies between
Tessera and the floor. Figures of one run compare with each other; with those of another machine, only ratios do.

\`\`\`text
${described}
${fair}
\`\`\`

${markdownTable(rows)}
What was to be reached, and was or was not:

${reached.map((line) => `- ${line}`).join('')}`

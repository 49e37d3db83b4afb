import { markdownTable, type Row } from './report.ts'

/** The results of a run. */
interface Results {
  /** The method and the machine. */
  readonly described: string
  readonly rows: readonly Row[]
  /** The targets with their outcomes, one a line. */
  readonly reached: readonly string[]
  readonly fair: string
}

/** The page of a run, `bench/RESULTS.md`. */
export const resultsPage = ({ described, rows, reached, fair }: Results): string => `# Results

Written by \`npm run bench -- --results bench/RESULTS.md\`. [README.md](README.md) explains the rows, and the difference between
Tessera and the floor. Compare only figures of one run. Between machines, only ratios can be compared.

\`\`\`text
${described}
${fair}
\`\`\`

${markdownTable(rows)}
Targets, and whether this run reached them:

${reached.map((line) => `- ${line}`).join('')}`

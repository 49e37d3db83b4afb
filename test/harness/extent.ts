/** Whether the fault tests run in their long form: `npm run test:faults`. */
const isLong = process.env['TESSERA_FAULTS'] === 'long'

/** The count or the duration of a test: `short` in every run, `long` in the long form. */
export const extent = (short: number, long: number): number => (isLong ? long : short)

/** Prints the counts of a fault test in one line. */
export function report(test: string, counts: Readonly<Record<string, number | string>>): void {
  const said = Object.entries(counts).map(([name, count]) => `${name} ${count}`)
  process.stdout.write(`${test}: ${said.join(', ')}\n`)
}

/** Whether the long forms of the fault tests run: `npm run test:faults`. */
const isLong = process.env['TESSERA_FAULTS'] === 'long'

/** How often, how many or how long: little in every run, much in the long form. */
export const extent = (short: number, long: number): number => (isLong ? long : short)

/** Prints what a fault test has counted, in one line. */
export function report(test: string, counts: Readonly<Record<string, number | string>>): void {
  const said = Object.entries(counts).map(([name, count]) => `${name} ${count}`)
  process.stdout.write(`${test}: ${said.join(', ')}\n`)
}

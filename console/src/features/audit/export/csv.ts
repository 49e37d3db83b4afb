/**
 * Beginnings of formulas. Many countries separate cells by semicolons, so a spreadsheet may begin one within a text, or at a line end or
 * tab. Some programs read the full-width signs, too.
 */
const FORMULA = /(^|[;\t\r\n])(?=[\s"]*[=+\-@\uff1d\uff0b\uff0d\uff20])/g

/** A cell (RFC 4180). An apostrophe keeps spreadsheets from running it as a formula. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const safe = text.replace(FORMULA, "$1'")
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A line of values. */
export const row = (values: readonly unknown[]): string => `${values.map(cell).join(',')}\r\n`

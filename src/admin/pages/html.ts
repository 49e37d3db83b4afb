/** Markup that may stand in a page. */
export interface Markup {
  readonly html: string
}

type Part = Markup | string | number | undefined | false | readonly Part[]

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Characters that would change the direction of the text around them (Unicode UAX #9 §2). */
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (found) => ESCAPES[found] ?? '').replace(DIRECTIONS, '\ufffd')

function render(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part))
  return 'html' in part ? part.html : part.map(render).join('')
}

/** A template of markup. Text in it is escaped, so that it is shown as it is. */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  html: texts.map((text, index) => text + render(parts[index])).join(''),
})

/** Text that is markup already. @param text a constant of this program */
export const raw = (text: string): Markup => ({ html: text })

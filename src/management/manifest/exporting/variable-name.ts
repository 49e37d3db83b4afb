import { hash } from 'node:crypto'

/** Texts of which each has a variable of its own. Others could differ in what a variable can't hold, such as case. */
const PLAIN = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
/** Characters of an id or of a label in the name. */
const LONGEST = 64

/**
 * The name of the environment variable for the secret of a credential: `SECRET_`, the client and the label. It depends on these two
 * alone, and no other credential has it. Unless both are of small letters, digits and hyphens, a part of their hash ends the name.
 */
export function variableName(client: string, label: string): string {
  const texts = label === '' ? [client] : [client, label]
  const name = `SECRET_${texts.map(toName).join('__')}`
  if (texts.every((text) => PLAIN.test(text) && text.length <= LONGEST)) return name
  return `${name}___${hash('sha256', JSON.stringify(texts), 'hex').slice(0, 16).toUpperCase()}`
}

const toName = (text: string): string =>
  text
    .slice(0, LONGEST)
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '')
    .toUpperCase()

import { plans as t } from '../../texts/plans.ts'
import type { Loss } from './plan.ts'

/** Something that a plan ends, in words. */
export function lossInWords(loss: Loss): string {
  const text = (name: string): string => (loss[name] === undefined || loss[name] === null ? '' : String(loss[name]))
  const client = text('client_id')
  switch (loss.kind) {
    case 'client':
      return t.loss.client(client)
    case 'api':
      return t.loss.api(text('audience'))
    case 'credential':
      return t.loss.credential(client, text('label') || text('credential'))
    case 'enabled':
      return t.loss.enabled(client)
    case 'owner':
      return t.loss.owner(client || text('audience'), text('before'), text('after') || t.loss.nobody)
    case 'scope': {
      if (client !== '') return t.loss.scopeOfClient(text('scope'), text('audience'), client)
      const examples = Array.isArray(loss['examples']) ? loss['examples'].join(', ') : ''
      const words = t.loss.scope(text('scope'), text('audience'), Number(loss['clients']))
      return examples === '' ? words : `${words}, ${t.loss.examples(examples)}`
    }
    default:
      return JSON.stringify(loss)
  }
}
